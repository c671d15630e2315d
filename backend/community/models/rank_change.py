from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class RankChange(Base):
    """A step in a member's career. `members.rank` is the newest one that was not undone.

    The initial row, made with the first change, is what the member was before any of them; it comes
    before all others whatever their dates.
    """

    __tablename__ = "rank_changes"
    __table_args__ = (
        CheckConstraint("kind IN ('initial', 'promotion', 'demotion')", "kind_known"),
        CheckConstraint("(undone_at IS NULL) = (undo_reason IS NULL)", "whole_undo"),
        CheckConstraint("kind <> 'initial' OR undone_at IS NULL", "initial_stays"),
        Index("rank_changes_member_id_idx", "member_id", "effective_on", "id"),
        Index(
            "rank_changes_initial_key",
            "member_id",
            unique=True,
            postgresql_where=text("kind = 'initial'"),
        ),
        grants(farout_app="SELECT, INSERT, UPDATE (undone_at, undone_by, undo_reason)"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id))
    kind: Mapped[str] = mapped_column(String(16))
    # What an initial row names may be older than the ladder.
    rank: Mapped[str] = mapped_column(String(64))
    effective_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_by: Mapped[UUID | None] = mapped_column(Uuid)
    undo_reason: Mapped[str | None] = mapped_column(Text)
