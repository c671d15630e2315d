from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class Award(Base):
    """A distinction. Its rule suggests people; only people grant it. Archived, never deleted."""

    __tablename__ = "awards"
    __table_args__ = (
        CheckConstraint("rule IS NULL OR jsonb_typeof(rule) = 'object'", "rule_object"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class AwardGrant(Base):
    """An award that a member has, or had until it was withdrawn."""

    __tablename__ = "award_grants"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdraw_reason IS NULL)", "whole_withdrawal"),
        Index(
            "award_grants_live_key",
            "award_id",
            "member_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("award_grants_member_id_idx", "member_id", "id"),
        grants(farout_app="SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by, withdraw_reason)"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    award_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Award.id))
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id))
    reason: Mapped[str] = mapped_column(Text)
    granted_by: Mapped[UUID] = mapped_column(Uuid)
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[UUID | None] = mapped_column(Uuid)
    withdraw_reason: Mapped[str | None] = mapped_column(Text)
