"""From the queue to the endpoints. Any number of workers may do it: each delivery is claimed by one.

A claim is a moment in the future until which nobody else looks at the delivery, so no transaction is
open while a receiver is spoken to. Whoever dies in between leaves a delivery that is sent again soon
afterwards, perhaps a second time, with the same webhook-id. Each endpoint is served by itself, and
one that fails is left alone for longer and longer: it holds up nobody.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Event, WebhookDelivery, WebhookEndpoint
from backend.community.webhooks.outcomes import settle
from backend.community.webhooks.sending import Outcome, Sender
from backend.community.webhooks.signing import body_of, signed_headers, unseal
from backend.database import Database
from backend.errors import Unavailable
from backend.key_ring import KeyRing, NotDecipherable

log = logging.getLogger(__name__)

# As many requests to one endpoint at once, by one worker.
AT_ONCE = 8
# Longer than a request may take, so that nobody sends what somebody is sending.
CLAIM = timedelta(seconds=20)
_CONNECTIONS = 3
# Before what an endpoint answered is written down again, if the database was away for a moment.
_PAUSES = (0.2, 1.0, 3.0)

_WAITS = and_(WebhookDelivery.delivered_at.is_(None), WebhookDelivery.given_up_at.is_(None))
_IS_DUE = and_(_WAITS, WebhookDelivery.next_attempt_at <= func.now())
_IS_READY = and_(
    WebhookEndpoint.deleted_at.is_(None),
    WebhookEndpoint.disabled_at.is_(None),
    WebhookEndpoint.resting_until <= func.now(),
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event for one endpoint, claimed; ``free_at`` and ``failures`` are how it was then."""

    delivery_id: UUID
    endpoint_id: UUID
    attempt: int
    free_at: datetime
    failures: int
    event_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is to be sent to one endpoint now; ``sealed`` are its live secrets, the newest first."""

    url: str
    sealed: Sequence[bytes]
    parcels: Sequence[Parcel]


class Courier:
    """Carries what is due to the endpoints; one a process."""

    def __init__(self, database: Database, sender: Sender, ring: KeyRing) -> None:
        self._database = database
        self._sender = sender
        self._ring = ring
        # Requests are many at a time, connections to the database few.
        self._places = asyncio.Semaphore(_CONNECTIONS)
        self._is_stopping = False

    def stop(self) -> None:
        """Claim nothing from now on; what is claimed is still sent."""
        self._is_stopping = True

    async def due(self) -> Sequence[UUID]:
        """Return the endpoints for which something is due."""
        something = select(1).where(_IS_DUE, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        async with self._transaction() as db:
            found = await db.scalars(
                select(WebhookEndpoint.id).where(_IS_READY, something.exists())
            )
            return found.all()

    async def deliver_due(self) -> int:
        """Send what is due to every endpoint, and return how many attempts that took."""
        return sum(await asyncio.gather(*map(self.serve, await self.due())))

    async def serve(self, endpoint_id: UUID) -> int:
        """Send one endpoint what is due to it until nothing is, or it has to rest, or we stop."""
        made = 0
        while not self._is_stopping:
            async with self._transaction() as db:
                claimed = await claim(db, endpoint_id)
            if not claimed.parcels:
                break
            await asyncio.gather(*(self._deliver(claimed, one) for one in claimed.parcels))
            made += len(claimed.parcels)
        return made

    async def _deliver(self, claimed: Claimed, parcel: Parcel) -> None:
        outcome = await self._send(claimed, parcel)
        for pause in _PAUSES:
            try:
                return await self._settle(parcel, outcome)
            except Unavailable:
                await asyncio.sleep(pause)
        await self._settle(parcel, outcome)

    async def _send(self, claimed: Claimed, parcel: Parcel) -> Outcome:
        try:
            live = [unseal(self._ring, parcel.endpoint_id, sealed) for sealed in claimed.sealed]
        except NotDecipherable:
            log.exception(
                "COMMUNITY_KEYS lacks the key of a webhook's secret",
                extra={"action": "webhooks.key_missing", "webhook": str(parcel.endpoint_id)},
            )
            return Outcome(0, error="the secret cannot be read: COMMUNITY_KEYS lacks its key")
        headers = signed_headers(live, str(parcel.event_id), parcel.body, time.time())
        return await self._sender.send(claimed.url, headers, parcel.body)

    async def _settle(self, parcel: Parcel, outcome: Outcome) -> None:
        async with self._transaction() as db:
            await settle(
                db, parcel.delivery_id, parcel.endpoint_id, outcome,
                attempt=parcel.attempt, free_at=parcel.free_at, failures=parcel.failures,
            )  # fmt: skip

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._places, self._database.transaction() as db:
            yield db


async def claim(db: AsyncSession, endpoint_id: UUID) -> Claimed:
    """Take some deliveries of an endpoint; of one that fails a single one, to see how it is."""
    found = await db.execute(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, _IS_READY)
        .with_for_update(key_share=True)
    )
    endpoint = found.scalar_one_or_none()
    if endpoint is None:
        return Claimed("", (), ())
    parcels = await _take(db, endpoint)
    if parcels and endpoint.failures:
        endpoint.resting_until = parcels[0].free_at
    return Claimed(endpoint.url, await _live_secrets(db, endpoint), parcels)


async def _take(db: AsyncSession, endpoint: WebhookEndpoint) -> Sequence[Parcel]:
    due = (
        select(WebhookDelivery.id)
        .where(_IS_DUE, WebhookDelivery.endpoint_id == endpoint.id)
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(1 if endpoint.failures else AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id == due.c.id, WebhookDelivery.event_id == Event.id)
        .values(
            attempts=WebhookDelivery.attempts + 1,
            next_attempt_at=func.clock_timestamp() + CLAIM,
        )
        .returning(
            WebhookDelivery.id, WebhookDelivery.attempts, WebhookDelivery.next_attempt_at,
            Event.id, Event.type, Event.occurred_at, Event.data,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return [
        Parcel(
            delivery_id, endpoint.id, attempt, free_at, endpoint.failures, event_id,
            body_of(event_id, kind, occurred_at, data),
        )
        for delivery_id, attempt, free_at, event_id, kind, occurred_at, data
        in await db.execute(taken)
    ]  # fmt: skip


async def _live_secrets(db: AsyncSession, endpoint: WebhookEndpoint) -> Sequence[bytes]:
    now = (await db.execute(select(func.now()))).scalar_one()
    until = endpoint.previous_secret_until
    previous = endpoint.previous_secret if until is not None and until > now else None
    return [one for one in (endpoint.secret, previous) if one is not None]
