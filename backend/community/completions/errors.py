from backend.errors import Conflict, Invalid, NotAllowed, NotFound


class CompletionNotFound(NotFound):
    code = "completion_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such completion.")


class AlreadyCompleted(Conflict):
    code = "already_completed"

    def __init__(self) -> None:
        super().__init__("This member has it already.")


class AlreadyRevoked(Conflict):
    code = "already_revoked"

    def __init__(self) -> None:
        super().__init__("This completion was revoked before.")


class RecordFull(Conflict):
    code = "record_full"

    def __init__(self) -> None:
        super().__init__("A profile holds 5,000 missions and 5,000 trainings at most.")


class OwnRecord(NotAllowed):
    code = "own_record"

    def __init__(self) -> None:
        super().__init__("Nobody keeps their own record; ask somebody else.")


class NotAnInstructor(NotAllowed):
    code = "not_an_instructor"

    def __init__(self) -> None:
        super().__init__("Only a listed instructor of this training may pass or fail people.")


class ExpiresBeforehand(Invalid):
    code = "expires_beforehand"

    def __init__(self) -> None:
        super().__init__("A training cannot expire before it was passed.")
