from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.errors import NotAllowed, NotFound


class SessionNotFound(NotFound):
    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such session, or it has ended.")


class AccountBanned(NotAllowed):
    """Said only to somebody who has just proved that the account is theirs."""

    code = "account_banned"

    def __init__(self, reason: str | None = None, until: datetime | None = None) -> None:
        end = f" until {until.astimezone(UTC):%-d %B %Y, %H:%M} UTC" if until else ""
        super().__init__(f"This account is banned{end}" + (f": {reason}" if reason else "."))
        self._facts = {"reason": reason, "banned_until": until and until.isoformat()}

    @property
    def facts(self) -> Mapping[str, Any]:
        return self._facts
