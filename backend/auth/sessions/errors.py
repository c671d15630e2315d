from backend.errors import NotAllowed, NotFound


class SessionNotFound(NotFound):
    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("You have no such session, or it has ended.")


class AccountBanned(NotAllowed):
    code = "account_banned"

    def __init__(self) -> None:
        super().__init__("This account is banned.")
