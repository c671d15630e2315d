"""The catalogue of missions."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.catalogue.actions import add_entry, change_entry
from backend.community.missions.errors import MissionSlugTaken
from backend.community.missions.queries import get_mission
from backend.community.missions.schemas import MissionChange, NewMission
from backend.community.models import Mission


async def create_mission(
    db: AsyncSession, new: NewMission, *, by: Access, origin: Origin
) -> Mission:
    """Add a mission to the catalogue. Raises MissionSlugTaken."""
    mission = await add_entry(db, Mission, new, by=by, origin=origin)
    if mission is None:
        raise MissionSlugTaken(new.slug)
    return mission


async def change_mission(
    db: AsyncSession, slug: str, change: MissionChange, *, by: Access, origin: Origin
) -> Mission:
    """Change, archive or restore a mission. Raises MissionNotFound."""
    mission = await get_mission(db, slug, lock=True)
    return await change_entry(db, mission, change, by=by, origin=origin)
