from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Integer, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants

# Where somebody stands whose rank is not on the ladder.
BELOW = -1


class Rank(Base):
    """One step of the ladder; the higher the position, the higher the rank. Archived, never deleted."""

    __tablename__ = "ranks"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", "code_form"),
        # Checked when a statement ends: one statement may move several steps past each other.
        UniqueConstraint("position", deferrable=True),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(Integer)
    description: Mapped[str | None] = mapped_column(Text)
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
