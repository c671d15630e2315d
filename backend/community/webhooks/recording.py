"""What every action on webhooks leaves behind."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from yarl import URL

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.models import WebhookEndpoint


async def wake_workers(db: AsyncSession) -> None:
    """Have the workers look at once; they look by themselves every second, too."""
    await db.execute(select(func.pg_notify("farout_webhooks", "")))


def record_about(
    db: AsyncSession,
    action: str,
    endpoint: WebhookEndpoint,
    *,
    by: Access | None,
    origin: Origin,
    **details: Any,
) -> None:
    """Add an entry about a webhook to the audit log; ``by`` is None for an operator at a shell."""
    # The host alone: a path may hold what only the receiver should know.
    record(
        db, action, actor=by.uid if by else None, origin=origin,
        webhook=str(endpoint.id), host=URL(endpoint.url).host, **details,
    )  # fmt: skip
