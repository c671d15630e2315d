from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Counter


async def list_counters(db: AsyncSession) -> Sequence[Counter]:
    """Return the declared counters by key; there are few."""
    return (await db.scalars(select(Counter).order_by(Counter.key))).all()


async def is_declared(db: AsyncSession, key: str) -> bool:
    return await db.get(Counter, key) is not None


async def count_counters(db: AsyncSession) -> int:
    return await db.scalar(select(func.count()).select_from(Counter)) or 0
