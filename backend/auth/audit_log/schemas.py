from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from backend.auth.audit_log.filters import AuditFilter
from backend.auth.models import AuditEntry
from backend.web.texts import Moment


class AuditQuery(BaseModel):
    """Which entries are wanted."""

    action: Annotated[
        str | None, Field(max_length=64, pattern=r"^[a-z_.]+$", examples=["user.banned"])
    ] = None
    actor: Annotated[UUID | None, Field(description="Who did it.")] = None
    target: Annotated[UUID | None, Field(description="Whom it was done to.")] = None
    since: Moment | None = None
    until: Moment | None = None

    @property
    def filter(self) -> AuditFilter:
        return AuditFilter(self.action, self.actor, self.target, self.since, self.until)


class AuditListQuery(AuditQuery):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


class AuditEntryDetails(BaseModel):
    """Who did what to whom; without an actor it was an operator at a shell, or nobody known."""

    id: str
    at: datetime
    action: str
    actor_uid: UUID | None
    target_uid: UUID | None
    ip: str | None
    request_id: str | None
    details: dict[str, Any]

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryDetails":
        values = {name: getattr(entry, name) for name in cls.model_fields}
        ip = None if entry.ip is None else str(entry.ip)
        return cls.model_validate(values | {"id": str(entry.id), "ip": ip})


class AuditList(BaseModel):
    items: list[AuditEntryDetails]
    next_cursor: str | None
