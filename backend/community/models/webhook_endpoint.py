from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Integer,
    LargeBinary,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import ENCRYPTED, grants


class WebhookEndpoint(Base):
    """An address that is told of events.

    A deleted one stays for a while without its secrets: events under way may still refer to it.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("cardinality(event_types) > 0", "wants_something"),
        CheckConstraint("(disabled_at IS NULL) = (disabled_because IS NULL)", "whole_disabling"),
        CheckConstraint("disabled_because::text IN ('by_hand', 'gone', 'failing')", "known_reason"),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_until IS NULL)", "whole_previous_secret"
        ),
        CheckConstraint(
            "deleted_at IS NULL OR num_nonnulls(secret, previous_secret) = 0", "no_secret_is_left"
        ),
        CheckConstraint("deleted_at IS NOT NULL OR secret IS NOT NULL", "has_a_secret"),
        CheckConstraint("failures >= 0", "failures_counted"),
        grants(farout_app="SELECT, INSERT, UPDATE", farout_sync="SELECT, UPDATE, DELETE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(String(120), server_default=text("''"))
    # Names of the catalogue, or "*" for all that there are and will be.
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, info=ENCRYPTED)
    # Signs as well until its time is over, so that receivers can change theirs without haste.
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary, info=ENCRYPTED)
    previous_secret_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[UUID] = mapped_column(Uuid)
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_because: Mapped[str | None] = mapped_column(String(16))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # How it goes: attempts that failed since the last good one, since when, and until when it rests.
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resting_until: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
