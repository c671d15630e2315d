from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Departure


async def find_departure(db: AsyncSession, member_id: int) -> Departure | None:
    """Return when and why a member has left, None for somebody who is here."""
    return await db.scalar(select(Departure).where(Departure.member_id == member_id))
