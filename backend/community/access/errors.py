from backend.errors import NotAllowed, NotSignedIn, TooMany


class PermissionRequired(NotAllowed):
    code = "permission_required"

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}.")


class ApiKeyInvalid(NotSignedIn):
    code = "api_key_invalid"

    def __init__(self) -> None:
        super().__init__("This API key does not exist, was revoked, or has expired.")


class PersonRequired(NotAllowed):
    code = "person_required"

    def __init__(self) -> None:
        super().__init__("An API key may not do this; sign in yourself.")


class ApiKeyTooFast(TooMany):
    code = "too_many_requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many requests with this API key. Wait a moment.", retry_after=retry_after
        )
