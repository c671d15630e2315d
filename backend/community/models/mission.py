from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Integer, String, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class Mission(Base):
    """A mission of the catalogue. It is archived, never deleted: completions name it for ever."""

    __tablename__ = "missions"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", "slug_plain"),
        CheckConstraint("points BETWEEN 0 AND 100000", "points_sane"),
        CheckConstraint("minutes BETWEEN 0 AND 2880", "minutes_sane"),
        Index("missions_lower_title_idx", text("lower(title)"), "id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    briefing: Mapped[str | None] = mapped_column(Text)
    points: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    minutes: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
