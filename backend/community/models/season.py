from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    SmallInteger,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants

# Below are the periods that are always there: all time, the last 30 and the last 90 days.
FIRST_SEASON = 100
RUNNING = ("slug", "title", "starts_at", "ends_at", "created_by")


class Season(Base):
    """A time whose completions are counted by themselves. Closing it copies the standings for ever."""

    __tablename__ = "seasons"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", "slug_plain"),
        # These words stand for the periods that are always there.
        CheckConstraint("slug::text NOT IN ('all', '30d', '90d')", "slug_free"),
        CheckConstraint("ends_at > starts_at", "ends_afterwards"),
        Index("seasons_open_idx", "starts_at", postgresql_where=text("closed_at IS NULL")),
        grants(farout_app=f"SELECT, INSERT ({', '.join(RUNNING)})"),
    )

    number: Mapped[int] = mapped_column(
        SmallInteger, Identity(always=True, start=FIRST_SEASON), primary_key=True
    )
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[UUID | None] = mapped_column(Uuid)
