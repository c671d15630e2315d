from backend.errors import Conflict, NotAllowed, NotFound


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such API key.")


class ApiKeyRevoked(Conflict):
    code = "api_key_revoked"

    def __init__(self) -> None:
        super().__init__("This API key was revoked already.")


class ScopeNotYours(NotAllowed):
    code = "scope_not_yours"

    def __init__(self, scopes: list[str]) -> None:
        super().__init__(f"A key cannot do what you cannot: {', '.join(scopes)}.")
