from backend.errors import NotAllowed


class PermissionRequired(NotAllowed):
    code = "permission_required"

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}.")
