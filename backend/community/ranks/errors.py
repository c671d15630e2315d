from backend.errors import BadInput, Conflict, NotAllowed, NotFound


class RankNotFound(NotFound):
    code = "rank_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such rank on the ladder.")


class RankExists(Conflict):
    code = "rank_exists"

    def __init__(self) -> None:
        super().__init__("There is a rank with this code.")


class RankArchived(Conflict):
    code = "rank_archived"

    def __init__(self) -> None:
        super().__init__("This rank is archived and given to nobody any more.")


class LadderIncomplete(Conflict):
    code = "ladder_incomplete"

    def __init__(self) -> None:
        super().__init__("Name every rank of the ladder once, lowest first.")


class CannotRankYourself(NotAllowed):
    code = "cannot_rank_yourself"

    def __init__(self) -> None:
        super().__init__("Nobody changes his own rank.")


class RankTooHigh(NotAllowed):
    code = "rank_too_high"

    def __init__(self) -> None:
        super().__init__("You may only move members between ranks that are below your own.")


class RankUnchanged(Conflict):
    code = "rank_unchanged"

    def __init__(self) -> None:
        super().__init__("The member had this rank on that day already.")


class RankDateInFuture(BadInput):
    code = "rank_date_in_future"

    def __init__(self) -> None:
        super().__init__("A rank takes effect today or earlier.")


class RankChangeNotFound(NotFound):
    code = "rank_change_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such change of rank.")


class RankChangeUndone(Conflict):
    code = "rank_change_undone"

    def __init__(self) -> None:
        super().__init__("This change was undone already.")


class InitialRankStays(Conflict):
    code = "initial_rank_stays"

    def __init__(self) -> None:
        super().__init__("What a member was at first cannot be undone; change the rank instead.")
