from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.catalogue.queries import find_entry
from backend.community.missions.errors import MissionArchived, MissionNotFound
from backend.community.models import Mission


async def get_mission(db: AsyncSession, slug: str, *, lock: bool = False) -> Mission:
    mission = await find_entry(db, Mission, slug, lock=lock)
    if mission is None:
        raise MissionNotFound
    return mission


async def get_current_mission(db: AsyncSession, slug: str) -> Mission:
    """Return a mission that may still be flown; raises MissionNotFound, MissionArchived."""
    mission = await get_mission(db, slug)
    if mission.archived_at is not None:
        raise MissionArchived
    return mission
