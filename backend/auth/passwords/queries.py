from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.attempts import devices
from backend.auth.models import User


async def find_user_by_identifier(
    db: AsyncSession, identifier: str, *, device: str | None = None
) -> tuple[User | None, bool]:
    """Find who signs in with this user name or e-mail address; a user name counts first.

    Returns besides whether the account knows the device.
    """
    wanted = (
        select(User, devices.knows(User.id, device))
        .where(or_(User.username == identifier, func.lower(User.email) == identifier.lower()))
        .order_by((User.username == identifier).desc())
        .limit(1)
    )
    row = (await db.execute(wanted)).one_or_none()
    return (None, False) if row is None else (row[0], row[1])


async def get_user_locked(db: AsyncSession, user_id: int) -> User:
    """Return a user that nobody else changes until we commit."""
    return await db.get_one(User, user_id, with_for_update=True)


async def has_password(db: AsyncSession, user_id: int) -> bool:
    stored = await db.scalar(select(User.hashed_password).where(User.id == user_id))
    return stored is not None
