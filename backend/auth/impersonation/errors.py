from backend.errors import Conflict, NotAllowed


class CannotImpersonateAdmins(NotAllowed):
    code = "cannot_impersonate"

    def __init__(self) -> None:
        super().__init__("Nobody looks through the eyes of an admin, or their own.")


class NothingToSee(Conflict):
    code = "user_cannot_sign_in"

    def __init__(self) -> None:
        super().__init__(
            "This user cannot use the site now: deactivated, banned, or with a password to change."
        )
