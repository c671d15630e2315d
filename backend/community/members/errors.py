from collections.abc import Sequence

from backend.errors import ConditionFailed, Conflict, Invalid, NotFound


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


class NobodyCalledSo(Invalid):
    code = "nobody_called_so"

    def __init__(self, text: str) -> None:
        who = f"“{text}”" if text else "nothing"
        super().__init__(f"Nobody here is called {who}. Give a member's name or Discord id.")


class MemberNameUnclear(Invalid):
    code = "member_name_unclear"

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        named = ", ".join(f"{name} ({discord_id})" for name, discord_id in found)
        super().__init__(f"More than one member could be meant; give the Discord id: {named}.")
