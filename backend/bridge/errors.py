from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.errors import NotAllowed, Unavailable


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
