from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import Passkey, User


async def has_another_way_in(db: AsyncSession, user: User) -> bool:
    """Whether somebody, whose row is locked, could still sign in without Discord."""
    if user.hashed_password is not None:
        return True
    return bool(await db.scalar(select(exists().where(Passkey.user_id == user.id))))
