from backend.errors import Conflict, Invalid, NotFound


class SeasonNotFound(NotFound):
    code = "season_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such season.")


class SeasonExists(Conflict):
    code = "season_exists"

    def __init__(self) -> None:
        super().__init__("There is a season with this name already.")


class SeasonClosed(Conflict):
    code = "season_closed"

    def __init__(self) -> None:
        super().__init__("This season is closed; its standings stay as they are.")


class SeasonNotOver(Conflict):
    code = "season_not_over"

    def __init__(self) -> None:
        super().__init__("This season has not ended yet.")


class EndsBeforehand(Invalid):
    code = "ends_beforehand"

    def __init__(self) -> None:
        super().__init__("It cannot end before it begins.")


class SeasonStillOpen(Conflict):
    code = "season_still_open"

    def __init__(self) -> None:
        super().__init__("This season is not closed yet, so nothing was kept of it.")
