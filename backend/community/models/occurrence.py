from datetime import datetime
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
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.community.models.mission import Mission
from backend.community.models.training import Training
from backend.tables import grants


class Occurrence(Base):
    """One date of a mission, or one class of a training."""

    __tablename__ = "occurrences"
    __table_args__ = (
        CheckConstraint("num_nonnulls(mission_id, training_id) = 1", "of_one_thing"),
        CheckConstraint("ends_at > starts_at", "ends_afterwards"),
        CheckConstraint(
            "status::text IN ('planned', 'open', 'locked', 'completed', 'cancelled')",
            "status_known",
        ),
        Index("occurrences_starts_at_idx", "starts_at", "id"),
        Index("occurrences_mission_id_idx", "mission_id", "starts_at", "id"),
        Index("occurrences_training_id_idx", "training_id", "starts_at", "id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    mission_id: Mapped[UUID | None] = mapped_column(ForeignKey(Mission.id))
    training_id: Mapped[UUID | None] = mapped_column(ForeignKey(Training.id))
    status: Mapped[str] = mapped_column(String(12), server_default=text("'open'"))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    signups_close_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    place: Mapped[str | None] = mapped_column(String(120))
    details: Mapped[str | None] = mapped_column(Text)
    leader_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey(Member.id, ondelete="SET NULL")
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    # Whether an officer decides on each sign-up before it gets a seat or a place in the queue.
    needs_approval: Mapped[bool] = mapped_column(server_default=text("false"))
