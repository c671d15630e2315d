"""The audit log: one entry for each change, and its event, in the transaction that makes it."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.audit.origin import Origin
from backend.community.events.catalogue import of_action
from backend.community.models import AuditEntry, Event


def record(
    db: AsyncSession,
    action: str,
    *,
    actor: UUID | None,
    target: UUID | None = None,
    origin: Origin,
    **details: Any,
) -> None:
    """Add an entry; ``actor`` is None for an operator at a shell. No secret belongs in ``details``.

    If the catalogue of events knows the action, the outside is told of it once this is committed.
    """
    if told := of_action(action, details):
        db.add(Event(type=told[0], data=told[1]))
    if origin.api_key is not None:
        details["api_key"] = origin.api_key
    db.add(
        AuditEntry(
            action=action,
            actor_uid=actor,
            target_uid=target,
            ip=origin.ip,
            request_id=origin.request_id,
            details=details,
        )
    )
