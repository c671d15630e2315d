from backend.errors import BadInput, Conflict, NotFound


class CannotBanYourself(Conflict):
    code = "cannot_ban_yourself"

    def __init__(self) -> None:
        super().__init__("You cannot ban yourself.")


class BanOverAlready(BadInput):
    code = "ban_over_already"

    def __init__(self) -> None:
        super().__init__("A ban has to end in the future.")


class NotBanned(Conflict):
    code = "not_banned"

    def __init__(self) -> None:
        super().__init__("This user is not banned.")


class KeptBanNotFound(NotFound):
    code = "kept_ban_not_found"

    def __init__(self) -> None:
        super().__init__("No ban of an account that is gone is kept under this id.")
