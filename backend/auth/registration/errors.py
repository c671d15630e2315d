from backend.errors import BadInput, Conflict, NotAllowed, NotFound


class RegistrationClosed(NotAllowed):
    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("Nobody can register here at the moment. Sign in with Discord instead.")


class CodeRefused(NotAllowed):
    code = "registration_code_refused"

    def __init__(self) -> None:
        super().__init__("This registration code is not known, used up, or past its time.")


class CodeNotFound(NotFound):
    code = "registration_code_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such registration code.")


class UsernameRefused(BadInput):
    code = "username_refused"


class UsernameTaken(Conflict):
    code = "username_taken"

    def __init__(self) -> None:
        super().__init__("Somebody else has this user name; choose another one.")
