"""What is not kept for ever: events with their deliveries and attempts, old secrets, counts of keys."""

from datetime import timedelta

from sqlalchemy import delete, func, literal_column, select, update

from backend.community.models import ApiKeyDay, Event, WebhookEndpoint
from backend.database import Database

_AT_ONCE = 500
_KEY_DAYS = timedelta(days=400)


async def sweep(database: Database, *, days: int) -> int:
    """Delete what is older than so many days, a little at a time; returns how many events that were."""
    gone = 0
    while found := await _sweep_events(database, days):
        gone += found
    async with database.transaction() as db:
        await db.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.previous_secret_until < func.now())
            .values(previous_secret=None, previous_secret_until=None)
        )
        # By now nothing refers to them: the deliveries went with their events.
        await db.execute(
            delete(WebhookEndpoint).where(
                WebhookEndpoint.deleted_at < func.now() - timedelta(days=days + 1)
            )
        )
        await db.execute(
            delete(ApiKeyDay).where(
                ApiKeyDay.day < func.now().op("AT TIME ZONE")(literal_column("'UTC'")) - _KEY_DAYS
            )
        )
    return gone


async def _sweep_events(database: Database, days: int) -> int:
    old = (
        select(Event.id)
        .where(Event.occurred_at < func.now() - timedelta(days=days))
        .order_by(Event.occurred_at)
        .limit(_AT_ONCE)
    )
    async with database.transaction() as db:
        gone = await db.execute(
            delete(Event).where(Event.id.in_(old.scalar_subquery())).returning(Event.id)
        )
        return len(gone.all())
