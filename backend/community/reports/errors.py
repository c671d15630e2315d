from collections.abc import Sequence

from backend.errors import Conflict, Invalid, NotFound


class ReportNotFound(NotFound):
    code = "report_not_found"

    def __init__(self) -> None:
        super().__init__("Nobody has reported on this date.")


class NotYetBegun(Conflict):
    code = "not_yet_begun"

    def __init__(self) -> None:
        super().__init__("This date has not begun, so there is nothing to report.")


class OccurrenceCancelled(Conflict):
    code = "occurrence_cancelled"

    def __init__(self) -> None:
        super().__init__("This date was cancelled.")


class MembersNotFound(Invalid):
    code = "members_not_found"

    def __init__(self, unknown: Sequence[str]) -> None:
        super().__init__(f"There are no members {', '.join(unknown)}.")


class LineDoesNotFit(Invalid):
    code = "line_does_not_fit"

    def __init__(self, kind: str) -> None:
        wrong = "result or score" if kind == "mission" else "role, outcome or minutes"
        super().__init__(f"Nobody can have a {wrong} in the report of a {kind}.")


class ResultMissing(Invalid):
    code = "result_missing"

    def __init__(self) -> None:
        super().__init__("Say of everybody who attended this class whether they passed.")
