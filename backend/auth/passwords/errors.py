from backend.errors import BadInput, Conflict, NotSignedIn


class InvalidCredentials(NotSignedIn):
    code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("The user name or the password is not right.")


class PasswordRefused(BadInput):
    code = "password_refused"


class CurrentPasswordWrong(BadInput):
    code = "current_password_wrong"

    def __init__(self) -> None:
        super().__init__("The current password is not right.")


class NoPassword(Conflict):
    code = "no_password"

    def __init__(self) -> None:
        super().__init__("This account signs in with Discord and has no password.")
