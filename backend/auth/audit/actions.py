"""The audit log: one entry for each change, in the transaction that makes it."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, bindparam, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.origin import Origin
from backend.auth.models import AccountSecurity, AuditEntry


def record(
    db: AsyncSession,
    action: str,
    *,
    actor: UUID | None,
    target: UUID | None,
    origin: Origin,
    **details: Any,
) -> None:
    """Add an entry; ``actor`` is None for an operator at a shell. No secret belongs in ``details``."""
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


def record_beside(change: CTE, action: str, details: ColumnElement[Any]) -> CTE:
    """Return the entry as part of the statement whose ``change`` returns a ``user_id``.

    For what people do to themselves: actor and target are that user. The statement needs values for
    ``ip`` and ``request_id``.
    """
    entry = select(
        literal(action),
        AccountSecurity.uid,
        AccountSecurity.uid,
        bindparam("ip", type_=AuditEntry.ip.type),
        bindparam("request_id", type_=AuditEntry.request_id.type),
        details,
    ).join(change, change.c.user_id == AccountSecurity.user_id)
    columns = ["action", "actor_uid", "target_uid", "ip", "request_id", "details"]
    return insert(AuditEntry).from_select(columns, entry).cte("recorded")
