"""The audit log: one entry for each change, in the transaction that makes it."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.audit.origin import Origin
from backend.community.models import AuditEntry


def record(
    db: AsyncSession,
    action: str,
    *,
    actor: UUID | None,
    target: UUID | None = None,
    origin: Origin,
    **details: Any,
) -> None:
    """Add an entry; ``actor`` is None for an operator at a shell. No secret belongs in ``details``."""
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
