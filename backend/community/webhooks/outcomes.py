"""What becomes of a delivery and its endpoint after an attempt."""

import logging
import random
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from yarl import URL

from backend.community.audit.actions import record
from backend.community.audit.origin import AT_A_SHELL
from backend.community.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from backend.community.webhooks.sending import Outcome
from backend.counters import WEBHOOK_ATTEMPTS

log = logging.getLogger(__name__)

# Seconds before each further attempt, as Standard Webhooks recommends; three days in all.
RETRIES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
# An endpoint rests 1, 2, 4, ... seconds, whatever waits for it.
_LONGEST_REST = 300
# Longer than any one event is tried: a single one that is always refused disables nothing.
GIVEN_UP_AFTER = timedelta(days=5)


async def settle(
    db: AsyncSession,
    delivery_id: UUID,
    endpoint_id: UUID,
    outcome: Outcome,
    *,
    attempt: int,
    free_at: datetime,
    failures: int,
) -> None:
    """Write an attempt down, and what follows from it."""
    _log_attempt(db, delivery_id, outcome)
    now = (await db.execute(select(func.clock_timestamp()))).scalar_one()
    if outcome.is_delivered:
        await _end(db, delivery_id, now)
        await _is_well(db, endpoint_id, now)
    else:
        await _postpone(db, delivery_id, outcome, now, attempt=attempt, free_at=free_at)
        await _is_ill(db, endpoint_id, outcome, now, failures=failures)


def rest_after(failures: int) -> float:
    """Return the seconds that an endpoint is left alone: doubled each time, a half of it by chance."""
    longest = min(2.0 ** min(failures - 1, 30), _LONGEST_REST)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - nothing secret


def wait_after(attempt: int) -> float | None:
    """Return the seconds before the next attempt, None if there is none."""
    if attempt > len(RETRIES):
        return None
    return RETRIES[attempt - 1] * random.uniform(1, 1.2)  # noqa: S311 - nothing secret


def _log_attempt(db: AsyncSession, delivery_id: UUID, outcome: Outcome) -> None:
    db.add(
        WebhookAttempt(
            delivery_id=delivery_id,
            milliseconds=outcome.milliseconds,
            status=outcome.status,
            error=outcome.error,
            answer=outcome.answer,
        )
    )
    WEBHOOK_ATTEMPTS.labels("delivered" if outcome.is_delivered else "failed").inc()


async def _end(db: AsyncSession, delivery_id: UUID, now: datetime) -> None:
    arrived = update(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
    await db.execute(arrived.values(delivered_at=now, given_up_at=None))


async def _postpone(
    db: AsyncSession,
    delivery_id: UUID,
    outcome: Outcome,
    now: datetime,
    *,
    attempt: int,
    free_at: datetime,
) -> None:
    """Try again later, or give it up; unless somebody else has it by now."""
    wait = wait_after(attempt)
    still_ours = update(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id,
        WebhookDelivery.next_attempt_at == free_at,
        WebhookDelivery.delivered_at.is_(None),
    )
    if wait is None:
        WEBHOOK_ATTEMPTS.labels("given_up").inc()
        await db.execute(still_ours.values(given_up_at=now))
    else:
        later = now + timedelta(seconds=max(wait, outcome.retry_after))
        await db.execute(still_ours.values(next_attempt_at=later))


async def _is_well(db: AsyncSession, endpoint_id: UUID, now: datetime) -> None:
    await db.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_not(None))
        .values(failures=0, failing_since=None, resting_until=now)
    )


async def _is_ill(
    db: AsyncSession, endpoint_id: UUID, outcome: Outcome, now: datetime, *, failures: int
) -> None:
    endpoint = await db.get(WebhookEndpoint, endpoint_id, with_for_update={"key_share": True})
    if endpoint is None or endpoint.disabled_at is not None or endpoint.deleted_at is not None:
        return
    endpoint.failing_since = endpoint.failing_since or now
    if outcome.is_gone:
        _disable(db, endpoint, "gone", now)
    elif now - endpoint.failing_since > GIVEN_UP_AFTER:
        _disable(db, endpoint, "failing", now)
    elif outcome.is_of_the_event:
        endpoint.failures, endpoint.resting_until = 0, now
    # Of those that were sent at once the first to fail counts, and not each of them.
    elif endpoint.failures == failures:
        endpoint.failures += 1
        rest = max(rest_after(endpoint.failures), outcome.retry_after)
        endpoint.resting_until = now + timedelta(seconds=rest)


def _disable(db: AsyncSession, endpoint: WebhookEndpoint, because: str, now: datetime) -> None:
    endpoint.disabled_at, endpoint.disabled_because = now, because
    record(
        db, "webhook.disabled", actor=None, origin=AT_A_SHELL,
        webhook=str(endpoint.id), host=URL(endpoint.url).host, because=because,
    )  # fmt: skip
    log.warning(
        "a webhook was disabled",
        extra={"action": "webhooks.disabled", "webhook": str(endpoint.id), "reason": because},
    )
