from backend.errors import Conflict, NotAllowed, NotFound


class AwardNotFound(NotFound):
    code = "award_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such award.")


class AwardArchived(Conflict):
    code = "award_archived"

    def __init__(self) -> None:
        super().__init__("This award is archived and granted to nobody any more.")


class AwardHasNoRule(Conflict):
    code = "award_has_no_rule"

    def __init__(self) -> None:
        super().__init__("This award has no rule, so nobody can be suggested for it.")


class CannotAwardYourself(NotAllowed):
    code = "cannot_award_yourself"

    def __init__(self) -> None:
        super().__init__("Nobody grants an award to himself.")


class GrantNotFound(NotFound):
    code = "grant_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such grant of an award.")


class GrantWithdrawn(Conflict):
    code = "grant_withdrawn"

    def __init__(self) -> None:
        super().__init__("This award was withdrawn already.")


class MembersNotFound(NotFound):
    code = "members_not_found"

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"There are no members with these Discord ids: {', '.join(missing)}.")
