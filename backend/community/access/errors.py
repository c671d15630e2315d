from backend.errors import NotAllowed, NotSignedIn


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
