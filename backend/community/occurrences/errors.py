from backend.errors import Conflict, Invalid, NotFound


class OccurrenceNotFound(NotFound):
    code = "occurrence_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such date.")


class OccurrenceOver(Conflict):
    code = "occurrence_over"

    def __init__(self) -> None:
        super().__init__("This date was reported or cancelled; it cannot be changed any more.")


class EndsBeforehand(Invalid):
    code = "ends_beforehand"

    def __init__(self) -> None:
        super().__init__("It cannot end before it begins.")


class LeaderMustInstruct(Conflict):
    code = "leader_must_instruct"

    def __init__(self) -> None:
        super().__init__("A class is led by a listed instructor of its training.")
