from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    Index,
    String,
    Uuid,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants

# The action of an attempt to write a password, which is counted.
PASSWORD_WRITE = "password_write.refused"  # noqa: S105 - the name of an action


class AuditEntry(Base):
    """Who did what to whom on this side. Entries are added and read; nobody changes one."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(
            "audit_log_password_writes_idx",
            "at",
            postgresql_where=text("action::text = 'password_write.refused'"),
        ),
        # Whoever is erased is looked for by their Discord id, too: not every entry has a target.
        Index(
            "audit_log_member_idx",
            text("COALESCE(details ->> 'member', details ->> 'discord_id')"),
            postgresql_where=text(
                "COALESCE(details ->> 'member', details ->> 'discord_id') IS NOT NULL"
            ),
        ),
        Index(
            "audit_log_members_idx",
            literal_column("(details -> 'members')").label("members"),
            postgresql_using="gin",
            postgresql_where=text("action::text = 'completions.awarded'"),
        ),
        grants(farout_app="SELECT, INSERT", farout_sync="SELECT, INSERT"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    action: Mapped[str] = mapped_column(String(64))
    # No foreign keys: an entry outlives the people that it names.
    actor_uid: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    target_uid: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    ip: Mapped[str | None] = mapped_column(INET)
    request_id: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
