"""From the outbox to the mirror: claim, deliver, and delete what has arrived."""

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import OutboxMessage
from backend.auth.outbox.queries import claim_due
from backend.bridge.delivery import Failure, Transport
from backend.bridge.event_codec import EventMalformed, event_of_payload
from backend.bridge.events import Event
from backend.counters import DELIVERIES
from backend.database import Database

log = logging.getLogger(__name__)

BATCH = 200
# 1, 2, 4, ... seconds; about a quarter of an hour until an event that is refused is given up.
MOST_REFUSALS = 10
_LONGEST_DELAY = 300.0
# Nobody answered: look again soon, for as long as it takes.
_LONGEST_DELAY_WHILE_AWAY = 20.0


async def deliver_due(database: Database, transport: Transport, *, limit: int = BATCH) -> int:
    """Deliver what is due; returns how many messages were looked at.

    Locks are held while the messages travel, so a worker that dies gives them back at once. What
    has arrived and could not be deleted any more travels again, which is harmless.
    """
    async with database.transaction() as db:
        messages = await claim_due(db, limit=limit)
        if messages:
            await _deliver(db, transport, messages)
        return len(messages)


async def _deliver(
    db: AsyncSession, transport: Transport, messages: Sequence[OutboxMessage]
) -> None:
    readable: dict[int, Event] = {}
    failures: dict[int, Failure] = {}
    for message in messages:
        try:
            readable[message.id] = _event_of(message)
        except EventMalformed as error:
            failures[message.id] = Failure(str(error), is_final=True)
    outcomes = await transport.deliver(list(readable.values())) if readable else []
    arrived = []
    for message_id, outcome in zip(readable, outcomes, strict=True):
        if outcome is None:
            arrived.append(message_id)
        else:
            failures[message_id] = outcome
    await db.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(arrived)))
    DELIVERIES.labels("delivered").inc(len(arrived))
    failed = [(message, failures[message.id]) for message in messages if message.id in failures]
    if failed:
        await _put_back(db, failed)


def _event_of(message: OutboxMessage) -> Event:
    return event_of_payload(
        message.payload,
        event_id=message.event_id,
        kind=message.type,
        occurred_at=message.created_at,
    )


async def _put_back(db: AsyncSession, failed: Sequence[tuple[OutboxMessage, Failure]]) -> None:
    now = (await db.execute(select(func.clock_timestamp()))).scalar_one()
    changes = [_after_failure(message, failure, now) for message, failure in failed]
    await db.execute(update(OutboxMessage), changes)
    dead = sum(change["dead_at"] is not None for change in changes)
    DELIVERIES.labels("given_up").inc(dead)
    DELIVERIES.labels("failed").inc(len(changes) - dead)
    log.log(
        logging.ERROR if dead else logging.WARNING,
        "events not delivered",
        extra={
            "action": "outbox.failed",
            "count": len(failed),
            "given_up": dead,
            "reason": failed[0][1].reason[:200],
        },
    )


def _after_failure(message: OutboxMessage, failure: Failure, now: datetime) -> dict[str, Any]:
    attempts = message.attempts + 1
    refusals = message.refusals + (0 if failure.is_target_away else 1)
    return {
        "id": message.id,
        "attempts": attempts,
        "refusals": refusals,
        "last_error": failure.reason[:500],
        "next_attempt_at": now + timedelta(seconds=delay_before(attempts, failure)),
        "dead_at": now if failure.is_final or refusals >= MOST_REFUSALS else None,
    }


def delay_before(attempts: int, failure: Failure) -> float:
    """Return the seconds to wait after so many attempts: doubled each time, with half of it by chance."""
    longest = _LONGEST_DELAY_WHILE_AWAY if failure.is_target_away else _LONGEST_DELAY
    delay = min(2.0 ** min(attempts - 1, 30), longest)
    jittered = delay * random.uniform(0.5, 1)  # noqa: S311 - nothing secret
    return max(jittered, failure.retry_after or 0)


async def replay_dead_letters(db: AsyncSession, event_ids: Sequence[UUID] | None = None) -> int:
    """Let given-up events travel again, all of them or those named; returns how many."""
    chosen = update(OutboxMessage).where(OutboxMessage.dead_at.is_not(None))
    if event_ids is not None:
        chosen = chosen.where(OutboxMessage.event_id.in_(event_ids))
    replayed = chosen.values(
        dead_at=None, attempts=0, refusals=0, next_attempt_at=func.clock_timestamp()
    ).returning(OutboxMessage.id)
    found = (await db.scalars(replayed)).all()
    # An update of this table wakes nobody, so the workers are told.
    await db.execute(func.pg_notify("farout_outbox", "").select())
    return len(found)
