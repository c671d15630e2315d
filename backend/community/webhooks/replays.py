"""Sending because somebody asks for it: a test, and what was sent or given up before."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.events.catalogue import TEST
from backend.community.models import Event, WebhookDelivery, WebhookEndpoint
from backend.community.webhooks.errors import WebhookDisabled
from backend.community.webhooks.queries import get_delivery, get_endpoint
from backend.community.webhooks.recording import record_about, wake_workers

# Deliveries go in the order in which they are due, and none is due for so long.
_BEFORE_ALL = timedelta(days=400)


async def send_test(
    db: AsyncSession, endpoint_id: UUID, *, by: Access, origin: Origin
) -> tuple[WebhookDelivery, Event]:
    """Queue an event for this webhook alone; raises WebhookNotFound, WebhookDisabled."""
    endpoint = await _get_enabled(db, endpoint_id)
    event = Event(type=TEST, data={"webhook": str(endpoint_id)}, endpoint_id=endpoint_id)
    db.add(event)
    await db.flush()
    record_about(db, "webhook.tested", endpoint, by=by, origin=origin)
    queued = select(WebhookDelivery.id).where(WebhookDelivery.event_id == event.id)
    delivery, _ = await get_delivery(db, (await db.execute(queued)).scalar_one())
    _send_first(delivery, endpoint)
    await db.flush()
    return delivery, event


async def replay_delivery(
    db: AsyncSession, delivery_id: UUID, *, by: Access, origin: Origin
) -> tuple[WebhookDelivery, Event]:
    """Send one event again, delivered before or not.

    Raises WebhookDeliveryNotFound, WebhookDisabled.
    """
    delivery, event = await get_delivery(db, delivery_id)
    endpoint = await _get_enabled(db, delivery.endpoint_id)
    await db.refresh(delivery, with_for_update=True)
    delivery.delivered_at = delivery.given_up_at = None
    delivery.attempts = 0
    _send_first(delivery, endpoint)
    record_about(db, "webhook.replayed", endpoint, by=by, origin=origin, delivery=str(delivery_id))
    await db.flush()
    await wake_workers(db)
    return delivery, event


async def replay_given_up(
    db: AsyncSession, endpoint_id: UUID, since: datetime, *, by: Access | None, origin: Origin
) -> int:
    """Send again whatever was given up, of events from ``since`` on; returns how many set out."""
    endpoint = await _get_enabled(db, endpoint_id)
    lost = (
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.given_up_at.is_not(None),
            WebhookDelivery.event_id == Event.id,
            Event.occurred_at >= since,
        )
        .values(given_up_at=None, attempts=0, next_attempt_at=func.clock_timestamp())
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    count = len((await db.execute(lost)).all())
    record_about(
        db, "webhook.replayed", endpoint, by=by, origin=origin, since=since.isoformat(), count=count
    )
    await wake_workers(db)
    return count


def _send_first(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> None:
    """A person waits for it: it goes before all that waits, and the endpoint does not rest."""
    now = datetime.now(UTC)
    delivery.next_attempt_at, endpoint.resting_until = now - _BEFORE_ALL, now


async def _get_enabled(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = await get_endpoint(db, endpoint_id, lock=True)
    if endpoint.disabled_at is not None:
        raise WebhookDisabled
    return endpoint
