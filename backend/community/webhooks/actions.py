"""Webhooks: made, changed and deleted by people; replays.py and delivery.py send."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.models import WebhookEndpoint
from backend.community.webhooks.errors import TooManyWebhooks
from backend.community.webhooks.queries import count_endpoints, get_endpoint
from backend.community.webhooks.recording import record_about, wake_workers
from backend.community.webhooks.rules import Rules
from backend.community.webhooks.schemas import MOST_WEBHOOKS, NewWebhook, WebhookChange
from backend.community.webhooks.signing import new_secret, seal, unseal
from backend.key_ring import KeyRing

# How long a receiver may take to learn the new secret.
BOTH_SECRETS = timedelta(hours=24)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('farout webhooks', 0))")


async def create_webhook(
    db: AsyncSession, new: NewWebhook, *, rules: Rules, by: Access, origin: Origin
) -> tuple[WebhookEndpoint, str]:
    """Return a new webhook and its secret.

    Raises WebhooksNotSetUp, TargetRefused, TooManyWebhooks.
    """
    ring, url = rules.keys, rules.targets.check_url(new.url)
    await db.execute(_ONE_AT_A_TIME)
    if await count_endpoints(db) >= MOST_WEBHOOKS:
        raise TooManyWebhooks(MOST_WEBHOOKS)
    endpoint_id: UUID = (await db.execute(select(func.uuidv7()))).scalar_one()
    secret = new_secret()
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        url=url,
        description=new.description,
        event_types=new.event_types,
        secret=seal(ring, endpoint_id, secret),
        created_by=by.uid,
    )
    db.add(endpoint)
    await db.flush()
    await db.refresh(endpoint)
    record_about(db, "webhook.created", endpoint, by=by, origin=origin, event_types=new.event_types)
    return endpoint, secret


async def change_webhook(
    db: AsyncSession,
    endpoint_id: UUID,
    change: WebhookChange,
    *,
    rules: Rules,
    by: Access,
    origin: Origin,
) -> WebhookEndpoint:
    """Change, enable or disable a webhook; raises WebhookNotFound, TargetRefused."""
    endpoint = await get_endpoint(db, endpoint_id, lock=True)
    wanted = change.model_dump(exclude_none=True, exclude={"enabled"})
    if change.url is not None:
        wanted["url"] = rules.targets.check_url(change.url)
    changed = sorted(name for name, value in wanted.items() if getattr(endpoint, name) != value)
    for name in changed:
        setattr(endpoint, name, wanted[name])
    if change.enabled is not None and change.enabled != (endpoint.disabled_at is None):
        _enable(endpoint) if change.enabled else _disable(endpoint)
        changed.append("enabled")
    if changed:
        enabled = endpoint.disabled_at is None
        record_about(
            db, "webhook.changed", endpoint, by=by, origin=origin, changed=changed, enabled=enabled
        )
        await db.flush()
        if enabled:
            await wake_workers(db)
    return endpoint


async def rotate_secret(
    db: AsyncSession, endpoint_id: UUID, *, rules: Rules, by: Access, origin: Origin
) -> tuple[WebhookEndpoint, str]:
    """Return the webhook and its new secret; for a day the old one signs as well."""
    ring = rules.keys
    endpoint = await get_endpoint(db, endpoint_id, lock=True)
    secret = new_secret()
    endpoint.previous_secret = endpoint.secret
    endpoint.previous_secret_until = datetime.now(UTC) + BOTH_SECRETS
    endpoint.secret = seal(ring, endpoint_id, secret)
    record_about(db, "webhook.secret_rotated", endpoint, by=by, origin=origin)
    await db.flush()
    return endpoint, secret


async def delete_webhook(
    db: AsyncSession, endpoint_id: UUID, *, by: Access, origin: Origin
) -> None:
    """Forget the secrets at once and the rest when nothing can refer to it; raises WebhookNotFound."""
    endpoint = await get_endpoint(db, endpoint_id, lock=True)
    endpoint.deleted_at = datetime.now(UTC)
    endpoint.secret = endpoint.previous_secret = endpoint.previous_secret_until = None
    record_about(db, "webhook.deleted", endpoint, by=by, origin=origin)


async def reencrypt_secrets(db: AsyncSession, ring: KeyRing) -> int:
    """Encrypt every secret anew with the first key; returns how many webhooks there are.

    Raises NotDecipherable if the key of one is gone.
    """
    existing = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.deleted_at.is_(None))
        .order_by(WebhookEndpoint.id)
        .with_for_update(key_share=True)
    )
    endpoints = (await db.scalars(existing)).all()
    for endpoint in endpoints:
        if endpoint.secret is not None:
            endpoint.secret = seal(ring, endpoint.id, unseal(ring, endpoint.id, endpoint.secret))
        if endpoint.previous_secret is not None:
            plain = unseal(ring, endpoint.id, endpoint.previous_secret)
            endpoint.previous_secret = seal(ring, endpoint.id, plain)
    return len(endpoints)


def _enable(endpoint: WebhookEndpoint) -> None:
    endpoint.disabled_at = endpoint.disabled_because = None
    endpoint.failures, endpoint.failing_since = 0, None
    endpoint.resting_until = datetime.now(UTC)


def _disable(endpoint: WebhookEndpoint) -> None:
    endpoint.disabled_at, endpoint.disabled_because = datetime.now(UTC), "by_hand"
