from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants


class AuditEntry(Base):
    """Who did what to whom. The service may add and read entries; nobody changes one."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("audit_log_at_idx", "at", "id"),
        Index("audit_log_action_idx", "action", "at", "id"),
        Index("audit_log_actor_uid_idx", "actor_uid", "at", "id"),
        Index("audit_log_target_uid_idx", "target_uid", "at", "id"),
        grants(farout_auth_service="SELECT, INSERT"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    action: Mapped[str] = mapped_column(String(64))
    # No foreign keys: an entry outlives the people that it names.
    actor_uid: Mapped[UUID | None] = mapped_column(Uuid)
    target_uid: Mapped[UUID | None] = mapped_column(Uuid)
    ip: Mapped[str | None] = mapped_column(INET)
    request_id: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
