from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants, runs_after_create

# What people write of a member. The other columns follow the ledger, by triggers alone.
WRITTEN = "discord_id, display_name, bio, avatar_url, rank, created_at"
CHANGED = "display_name, bio, avatar_url, rank"


class Member(Base):
    """A person's profile in the community, linked to a sign-in by the Discord id. Exactly these columns."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("discord_id ~ '^[0-9]{1,20}$'", "discord_id_digits"),
        CheckConstraint("jsonb_typeof(missions_completed) = 'array'", "missions_array"),
        CheckConstraint("jsonb_typeof(trainings_completed) = 'array'", "trainings_array"),
        CheckConstraint("jsonb_typeof(stats) = 'object'", "stats_object"),
        Index("members_lower_display_name_idx", text("lower(display_name)"), "id"),
        Index("members_created_at_idx", "created_at", "id"),
        Index("members_rank_name_idx", "rank", text("lower(display_name)"), "id"),
        Index("members_last_active_idx", text("(stats #>> '{last,active_at}')")),
        CheckConstraint(
            "jsonb_array_length(missions_completed) <= 5000"
            " AND jsonb_array_length(trainings_completed) <= 5000",
            "within_length",
        ),
        CheckConstraint(
            "NOT missions_completed @? '$[*] ? (!(@.v == 1))'::jsonpath"
            " AND NOT trainings_completed @? '$[*] ? (!(@.v == 1))'::jsonpath"
            " AND (stats = '{}'::jsonb OR stats @> '{\"v\": 1}'::jsonb)",
            "versioned_documents",
        ),
        grants(
            farout_app=f"SELECT, INSERT ({WRITTEN}), UPDATE ({CHANGED})",
            farout_sync=f"SELECT, INSERT ({WRITTEN})",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    discord_id: Mapped[str] = mapped_column(String(20), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    bio: Mapped[str | None] = mapped_column(Text)
    avatar_url: Mapped[str | None] = mapped_column(Text)
    rank: Mapped[str] = mapped_column(String(64), server_default=text("'member'"), index=True)
    missions_completed: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    trainings_completed: Mapped[list[Any]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb")
    )
    stats: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @property
    def is_erased(self) -> bool:
        """Whether the person is gone, and only their place in the record is left; see ``erasure``."""
        return self.discord_id.startswith("0")


TOUCH = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$
"""
TOUCH_TRIGGER = """
CREATE TRIGGER members_touch_updated_at BEFORE UPDATE ON members
FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
"""
runs_after_create(Member.__table__, TOUCH, TOUCH_TRIGGER)  # type: ignore[arg-type]
