import datetime as dt
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class AuditFilter:
    """Which entries of the audit log are wanted; what is None does not matter."""

    action: str | None = None
    actor: UUID | None = None
    target: UUID | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
