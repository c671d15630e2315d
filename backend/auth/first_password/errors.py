from backend.errors import Conflict


class PasswordThereAlready(Conflict):
    code = "password_exists"

    def __init__(self) -> None:
        super().__init__("This account has a password already; change that one.")
