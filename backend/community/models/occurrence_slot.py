from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.occurrence import Occurrence
from backend.tables import grants


class OccurrenceSlot(Base):
    """A kind of seat at an occurrence, and how many of them there are."""

    __tablename__ = "occurrence_slots"
    __table_args__ = (
        CheckConstraint("capacity BETWEEN 0 AND 1000", "capacity_sane"),
        UniqueConstraint("occurrence_id", "name"),
        # So that a sign-up cannot name a slot of another occurrence.
        UniqueConstraint("id", "occurrence_id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    occurrence_id: Mapped[UUID] = mapped_column(ForeignKey(Occurrence.id))
    name: Mapped[str] = mapped_column(String(64))
    capacity: Mapped[int] = mapped_column(SmallInteger)
    position: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
