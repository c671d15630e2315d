from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import OutboxMessage

# From this attempt on a delivery is more than a hiccup.
FAILING_AFTER = 3


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How the delivery stands; ``oldest_seconds`` is the age of the oldest undelivered event."""

    pending: int
    oldest_seconds: float
    failing: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up."""

    event_id: UUID
    type: str
    uid: UUID
    created_at: datetime
    attempts: int
    error: str


async def claim_due(db: AsyncSession, *, limit: int) -> Sequence[OutboxMessage]:
    """Return messages that are due, locked until we commit; other workers pass over them.

    Never by a remembered position: a transaction that took its id early may commit late.
    """
    due = (
        select(OutboxMessage)
        .where(OutboxMessage.dead_at.is_(None), OutboxMessage.next_attempt_at <= func.now())
        .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await db.scalars(due)).all()


async def outbox_state(db: AsyncSession) -> OutboxState:
    alive = OutboxMessage.dead_at.is_(None)
    oldest = func.extract("epoch", func.now() - func.min(OutboxMessage.created_at).filter(alive))
    row = (
        await db.execute(
            select(
                func.count().filter(alive),
                func.greatest(func.coalesce(oldest, 0), 0),
                func.count().filter(alive, OutboxMessage.attempts >= FAILING_AFTER),
                func.count().filter(OutboxMessage.dead_at.is_not(None)),
            ).select_from(OutboxMessage)
        )
    ).one()
    return OutboxState(row[0], float(row[1]), row[2], row[3])


async def list_dead_letters(db: AsyncSession, *, limit: int = 100) -> Sequence[DeadLetter]:
    """Return the events that were given up, the oldest first."""
    dead = (
        select(OutboxMessage)
        .where(OutboxMessage.dead_at.is_not(None))
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    return [
        DeadLetter(
            one.event_id, one.type, one.uid, one.created_at, one.attempts, one.last_error or ""
        )
        for one in await db.scalars(dead)
    ]
