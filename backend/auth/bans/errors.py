from backend.errors import BadInput, Conflict


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
