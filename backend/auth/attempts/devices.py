"""Browsers in which an account's password was right before."""

from datetime import timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, literal_column, select
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


async def is_known(db: AsyncSession, user_id: int, device: str | None) -> bool:
    """Whether this account was signed in to with a password in this browser before."""
    if device is None or not looks_like_a_token(device):
        return False
    known = select(KnownDevice.user_id).where(
        KnownDevice.user_id == user_id,
        KnownDevice.token_hash == token_hash(device),
        KnownDevice.last_used_at > func.now() - _LIFETIME,
    )
    return await db.scalar(known) is not None


async def remember(rows: Rows, user_id: int, device: str) -> None:
    await rows.row(_REMEMBER, of_user=user_id, token_hash=token_hash(device))


async def forget_all(db: AsyncSession, user_id: int) -> None:
    """Trust no browser any longer because it once knew the password."""
    await db.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id))


async def sweep(db: AsyncSession) -> None:
    await db.execute(delete(KnownDevice).where(KnownDevice.last_used_at < func.now() - _LIFETIME))
