from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Event, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from backend.community.webhooks.errors import WebhookDeliveryNotFound, WebhookNotFound
from backend.community.webhooks.schemas import State
from backend.community.webhooks.signing import unseal
from backend.key_ring import KeyRing, NotDecipherable

_STATES = {
    "waiting": (WebhookDelivery.delivered_at.is_(None), WebhookDelivery.given_up_at.is_(None)),
    "delivered": (WebhookDelivery.delivered_at.is_not(None),),
    "given_up": (WebhookDelivery.given_up_at.is_not(None),),
}


@dataclass(frozen=True)
class EndpointPage:
    """Some webhooks; ``last`` is where the next page goes on."""

    endpoints: Sequence[WebhookEndpoint]
    last: tuple[str] | None


@dataclass(frozen=True)
class DeliveryPage:
    """Some deliveries with their events; ``last`` is where the next page goes on."""

    deliveries: Sequence[tuple[WebhookDelivery, Event]]
    last: tuple[str] | None


@dataclass(frozen=True)
class Standing:
    """A webhook, how many deliveries wait for it, and how many were given up."""

    endpoint: WebhookEndpoint
    waiting: int
    given_up: int


async def get_endpoint(
    db: AsyncSession, endpoint_id: UUID, *, lock: bool = False
) -> WebhookEndpoint:
    found = await db.get(
        WebhookEndpoint, endpoint_id, with_for_update={"key_share": True} if lock else None
    )
    if found is None or found.deleted_at is not None:
        raise WebhookNotFound
    return found


async def count_endpoints(db: AsyncSession) -> int:
    existing = select(func.count()).where(WebhookEndpoint.deleted_at.is_(None))
    return (await db.execute(existing)).scalar_one()


async def list_endpoints(db: AsyncSession, *, after: str | None, limit: int) -> EndpointPage:
    """Return the webhooks, the newest first."""
    wanted = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.deleted_at.is_(None))
        .order_by(WebhookEndpoint.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        wanted = wanted.where(WebhookEndpoint.id < UUID(after))
    rows = (await db.scalars(wanted)).all()
    page = rows[:limit]
    return EndpointPage(page, (str(page[-1].id),) if len(rows) > limit else None)


async def list_standings(db: AsyncSession) -> Sequence[Standing]:
    """Return every webhook with how much waits for it and how much was given up."""
    counted = (
        select(
            WebhookEndpoint,
            func.count().filter(*_STATES["waiting"], WebhookDelivery.id.is_not(None)),
            func.count().filter(*_STATES["given_up"]),
        )
        .outerjoin(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(WebhookEndpoint.deleted_at.is_(None))
        .group_by(WebhookEndpoint.id)
        .order_by(WebhookEndpoint.id)
    )
    return [Standing(one[0], one[1], one[2]) for one in (await db.execute(counted)).all()]


@dataclass(frozen=True)
class Secrets:
    """How many webhooks there are, and of how many a secret cannot be read."""

    webhooks: int
    unreadable: int


async def count_secrets(db: AsyncSession, ring: KeyRing | None) -> Secrets:
    """Try every webhook's secrets with the keys that there are."""
    existing = select(WebhookEndpoint).where(WebhookEndpoint.deleted_at.is_(None))
    endpoints = (await db.scalars(existing)).all()
    unreadable = sum(ring is None or not _is_readable(one, ring) for one in endpoints)
    return Secrets(len(endpoints), unreadable)


def _is_readable(endpoint: WebhookEndpoint, ring: KeyRing) -> bool:
    try:
        for sealed in (endpoint.secret, endpoint.previous_secret):
            if sealed is not None:
                unseal(ring, endpoint.id, sealed)
    except NotDecipherable:
        return False
    return True


async def list_deliveries(
    db: AsyncSession, endpoint_id: UUID, *, state: State | None, after: str | None, limit: int
) -> DeliveryPage:
    """Return an endpoint's deliveries, the newest first."""
    wanted = (
        _with_event()
        .where(WebhookDelivery.endpoint_id == endpoint_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        wanted = wanted.where(*_STATES[state])
    if after is not None:
        wanted = wanted.where(WebhookDelivery.id < UUID(after))
    rows = [(one[0], one[1]) for one in (await db.execute(wanted)).all()]
    page = rows[:limit]
    return DeliveryPage(page, (str(page[-1][0].id),) if len(rows) > limit else None)


async def get_delivery(
    db: AsyncSession, delivery_id: UUID, *, endpoint_id: UUID | None = None
) -> tuple[WebhookDelivery, Event]:
    """Return a delivery of a webhook that still exists, with its event."""
    wanted = (
        _with_event()
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.id == delivery_id, WebhookEndpoint.deleted_at.is_(None))
    )
    if endpoint_id is not None:
        wanted = wanted.where(WebhookEndpoint.id == endpoint_id)
    found = (await db.execute(wanted)).one_or_none()
    if found is None:
        raise WebhookDeliveryNotFound
    delivery, event = found
    return delivery, event


async def list_attempts(
    db: AsyncSession, delivery_id: UUID, *, limit: int = 50
) -> Sequence[WebhookAttempt]:
    """Return the attempts of a delivery, the newest first."""
    wanted = (
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery_id)
        .order_by(WebhookAttempt.id.desc())
        .limit(limit)
    )
    return (await db.scalars(wanted)).all()


def _with_event() -> Select[WebhookDelivery, Event]:
    return select(WebhookDelivery, Event).join(Event, Event.id == WebhookDelivery.event_id)
