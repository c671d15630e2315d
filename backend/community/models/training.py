from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.rank import Rank
from backend.tables import grants


class Training(Base):
    """A training of the catalogue. It is archived, never deleted: completions name it for ever."""

    __tablename__ = "trainings"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", "slug_plain"),
        CheckConstraint("level BETWEEN 1 AND 100", "level_sane"),
        CheckConstraint("points BETWEEN 0 AND 100000", "points_sane"),
        CheckConstraint("valid_days BETWEEN 1 AND 3660", "valid_days_sane"),
        Index("trainings_lower_title_idx", text("lower(title)"), "id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    points: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    # For how long a pass counts; null for ever.
    valid_days: Mapped[int | None] = mapped_column(Integer)
    minimum_rank: Mapped[str | None] = mapped_column(String(64), ForeignKey(Rank.code))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
