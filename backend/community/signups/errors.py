from backend.community.trainings.requirements import Missing
from backend.errors import Conflict, Invalid, NotAllowed, NotFound


class SignupClosed(Conflict):
    code = "signup_closed"

    def __init__(self) -> None:
        super().__init__("Nobody can sign up for or withdraw from this date any more.")


class SignupNotFound(NotFound):
    code = "signup_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such sign-up.")


class SlotNotFound(Invalid):
    code = "slot_not_found"

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Choose one of these slots: {', '.join(names)}.")


class MemberGone(Conflict):
    code = "member_gone"

    def __init__(self) -> None:
        super().__init__("Whoever has left or is deactivated can hold no seat.")


class OwnSignup(NotAllowed):
    code = "own_signup"

    def __init__(self) -> None:
        super().__init__("Another officer, or an admin, has to approve your own sign-up.")


class RequirementsMissing(Conflict):
    code = "requirements_missing"

    def __init__(self, missing: Missing) -> None:
        parts = []
        if missing.trainings:
            parts.append(f"these trainings: {', '.join(missing.trainings)}")
        if missing.rank is not None:
            parts.append(f"the rank {missing.rank}")
        super().__init__(f"This training requires {' and '.join(parts)}.")
