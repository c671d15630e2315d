from backend.errors import Conflict


class HasLeft(Conflict):
    code = "member_has_left"

    def __init__(self) -> None:
        super().__init__("This member has left already.")


class HasNotLeft(Conflict):
    code = "member_has_not_left"

    def __init__(self) -> None:
        super().__init__("This member has not left.")
