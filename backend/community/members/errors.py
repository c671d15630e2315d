from backend.errors import ConditionFailed, Conflict, NotFound


class MemberNotFound(NotFound):
    code = "member_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such member.")


class NotLinkedToDiscord(Conflict):
    code = "not_linked_to_discord"

    def __init__(self) -> None:
        super().__init__("This account has no Discord sign-in, so it has no profile.")


class ProfileChanged(ConditionFailed):
    code = "profile_changed"

    def __init__(self) -> None:
        super().__init__(
            "This profile was changed since you read it. Read it again, then change it."
        )
