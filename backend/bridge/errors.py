from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.errors import Conflict, NotAllowed, Unavailable


class AccountBanned(NotAllowed):
    """Said only to somebody who has proved, now or by a session, that the account is theirs."""

    code = "account_banned"

    def __init__(self, reason: str | None = None, until: datetime | None = None) -> None:
        end = f" until {until.astimezone(UTC):%-d %B %Y, %H:%M} UTC" if until else ""
        super().__init__(f"This account is banned{end}" + (f": {reason}" if reason else "."))
        self.reason, self.until = reason, until

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"reason": self.reason, "banned_until": self.until and self.until.isoformat()}


class AuthUnavailable(Unavailable):
    code = "auth_unavailable"

    def __init__(self) -> None:
        super().__init__("Who is asking cannot be checked at the moment. Try again shortly.")


class CommunityUnavailable(Unavailable):
    code = "community_unavailable"

    def __init__(self) -> None:
        super().__init__("The community service cannot be reached at the moment.")


class VersionOutOfRange(Conflict):
    """Something other than auth wrote versions into the mirror."""

    code = "version_out_of_range"

    def __init__(self) -> None:
        super().__init__(
            "The mirror has a user with a version above 2^62, or below 0, which auth never gave: that row"
            " of userbase was damaged. Set its version to 0 as the owner of farout, and reconcile again."
        )
