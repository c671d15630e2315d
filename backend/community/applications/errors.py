from datetime import date

from backend.errors import BadInput, Conflict, NotAllowed, NotFound


class FormNotFound(NotFound):
    code = "form_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such form.")


class FormClosed(Conflict):
    code = "form_closed"

    def __init__(self) -> None:
        super().__init__("This form takes no applications at the moment.")


class AnswersWrong(BadInput):
    code = "answers_wrong"

    def __init__(self, label: str, complaint: str) -> None:
        super().__init__(f"“{label}” {complaint}.")


class AnswerUnknown(BadInput):
    code = "answers_wrong"

    def __init__(self) -> None:
        super().__init__("There is an answer to a question that the form does not ask.")


class ApplicationNotFound(NotFound):
    code = "application_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such application.")


class ApplicationPending(Conflict):
    code = "application_pending"

    def __init__(self) -> None:
        super().__init__("You have applied already; nobody has decided yet.")


class TooSoonToReapply(Conflict):
    code = "too_soon_to_reapply"

    def __init__(self, day: date) -> None:
        super().__init__(f"You may apply again from {day.isoformat()} on.")


class ApplicationDecided(Conflict):
    code = "application_decided"

    def __init__(self, status: str) -> None:
        super().__init__(f"Somebody was quicker: this application is {status}.")


class CannotJudgeYourself(NotAllowed):
    code = "cannot_judge_yourself"

    def __init__(self) -> None:
        super().__init__("Nobody judges his own application.")
