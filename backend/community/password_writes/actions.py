"""Attempts to write a password from this side, which has none: each is a fault or an attack."""

import re
from functools import partial

from sqlalchemy import insert

from backend.community.models import AuditEntry
from backend.community.models.audit_entry import PASSWORD_WRITE
from backend.database import Database
from backend.logs import request_id
from backend.refusals import RefusedStatement

_LONGEST = 200
_PASSWORD = re.compile(r"passw(or)?d", re.IGNORECASE)
_WRITES = re.compile(r"\b(insert|update|merge|copy|alter|create|grant)\b", re.IGNORECASE)
# Literals of every kind, and one that the end of the text cuts off.
_LITERALS = re.compile(r"'(?:[^']|'')*(?:'|$)|\$(\w*)\$.*?(?:\$\1\$|$)|\b\d[\w.]*", re.DOTALL)


def watch_password_writes(database: Database, *, role: str) -> None:
    """Write an audit entry for each statement of this role that wants to write a password."""
    database.refusals.on_refusal = partial(_record, database, role)


async def _record(database: Database, role: str, refused: RefusedStatement) -> None:
    """In a transaction of its own: the one of the statement is rolled back."""
    if not names_a_password(refused.statement):
        return
    details = {
        "statement": without_values(refused.statement),
        "sqlstate": refused.sqlstate,
        "role": role,
    }
    async with database.transaction() as db:
        await db.execute(
            insert(AuditEntry).values(
                action=PASSWORD_WRITE, request_id=request_id.get(), details=details
            )
        )


def names_a_password(statement: str) -> bool:
    """Whether a statement writes, and names a password outside of its values."""
    bare = _LITERALS.sub("?", statement)
    return bool(_PASSWORD.search(bare) and _WRITES.search(bare))


def without_values(statement: str) -> str:
    """Return the beginning of a statement without the values that stand in it."""
    return " ".join(_LITERALS.sub("?", statement).split())[:_LONGEST]
