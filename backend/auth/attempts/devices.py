"""Browsers in which an account's password was right before."""

from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.crypto.secrets import looks_like_a_token, token_hash
from backend.auth.models import KnownDevice
from backend.database import Rows, Statement

LIFETIME_SECONDS = 180 * 86_400
_LIFETIME: ColumnElement[timedelta] = literal_column("interval '180 days'")


def _remember_statement() -> Statement:
    new = insert(KnownDevice).values(
        user_id=bindparam("of_user"), token_hash=bindparam("token_hash")
    )
    return Statement(
        new.on_conflict_do_update(
            index_elements=[KnownDevice.user_id, KnownDevice.token_hash],
            set_={"last_used_at": func.now()},
        )
    )


_REMEMBER = _remember_statement()


def knows(user_id: SQLColumnExpression[int] | int, device: str | None) -> ColumnElement[bool]:
    """Whether this account was signed in to with a password in this browser before."""
    hashed = token_hash(device) if device and looks_like_a_token(device) else b""
    return exists().where(
        KnownDevice.user_id == user_id,
        KnownDevice.token_hash == hashed,
        KnownDevice.last_used_at > func.now() - _LIFETIME,
    )


async def is_known(db: AsyncSession, user_id: int, device: str | None) -> bool:
    """The same for an account at hand."""
    return await db.scalar(select(knows(user_id, device))) or False


async def remember(rows: Rows, user_id: int, device: str) -> None:
    await rows.row(_REMEMBER, of_user=user_id, token_hash=token_hash(device))


async def forget_all(db: AsyncSession, user_id: int) -> None:
    """Trust no browser any longer because it once knew the password."""
    await db.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id))


async def sweep(db: AsyncSession) -> None:
    await db.execute(delete(KnownDevice).where(KnownDevice.last_used_at < func.now() - _LIFETIME))
