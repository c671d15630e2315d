from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants

# Counted from the ledger and the reports; nobody sets them.
DERIVED = (
    "missions_completed", "trainings_completed", "points", "minutes_in_ops", "events_attended",
)  # fmt: skip


class Counter(Base):
    """A number that the community keeps of its members beside those counted from the ledger."""

    __tablename__ = "counters"
    __table_args__ = (
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,39}$'", "key_plain"),
        CheckConstraint(
            f"key::text NOT IN ({', '.join(repr(one) for one in DERIVED)})", "not_derived"
        ),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
