from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants, runs_after_create


class OutboxMessage(Base):
    """An event on its way to the mirror. Triggers write it in the transaction that it tells of.

    A delivered message is deleted; ``dead_at`` marks one that was given up and waits for
    ``farout sync replay``.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_due_idx", "next_attempt_at", "id", postgresql_where=text("dead_at IS NULL")),
        Index("outbox_dead_idx", "id", postgresql_where=text("dead_at IS NOT NULL")),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("uuidv7()"))
    type: Mapped[str] = mapped_column(String(32))
    uid: Mapped[UUID] = mapped_column(Uuid, index=True)
    version: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The clock's time and not the transaction's: the lag of delivery is measured from here.
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    # The attempts that failed because of this event and not because nobody answered.
    refusals: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    last_error: Mapped[str | None] = mapped_column(Text)
    dead_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


# Wakes the workers at once; they look by themselves every second, too.
WAKE_WORKERS = """
CREATE FUNCTION wake_outbox_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_outbox', '');
    RETURN NULL;
END
$$
"""
WAKE_WORKERS_TRIGGER = """
CREATE TRIGGER outbox_wake_workers AFTER INSERT ON outbox
FOR EACH STATEMENT EXECUTE FUNCTION wake_outbox_workers()
"""
runs_after_create(
    OutboxMessage.__table__,  # type: ignore[arg-type]
    WAKE_WORKERS,
    WAKE_WORKERS_TRIGGER,
)
