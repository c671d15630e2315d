"""The audit log: one entry for each change, in the transaction that makes it."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    SQLColumnExpression,
    bindparam,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

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


def record_beside(
    change: CTE, action: str, details: ColumnElement[Any], *, by: ColumnElement[Any] | None = None
) -> CTE:
    """Return the entry as part of the statement whose ``change`` returns a ``user_id``.

    For what people do to themselves: actor and target are that user. ``by`` is the id of the admin
    who did it as that user, null for the user. The statement needs ``ip`` and ``request_id``.
    """
    own, others = AccountSecurity, aliased(AccountSecurity)
    actor: SQLColumnExpression[Any] = own.uid
    entries = select(own).join(change, change.c.user_id == own.user_id)
    if by is not None:
        actor = func.coalesce(others.uid, own.uid)
        entries = entries.outerjoin(others, others.user_id == by)
    entry = entries.with_only_columns(
        literal(action),
        actor,
        own.uid,
        bindparam("ip", type_=AuditEntry.ip.type),
        bindparam("request_id", type_=AuditEntry.request_id.type),
        details,
        maintain_column_froms=True,
    )
    columns = ["action", "actor_uid", "target_uid", "ip", "request_id", "details"]
    return insert(AuditEntry).from_select(columns, entry).cte("recorded")
