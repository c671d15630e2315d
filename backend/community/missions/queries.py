from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.missions.errors import MissionArchived, MissionNotFound
from backend.community.models import Mission


@dataclass(frozen=True)
class MissionPage:
    """One page of missions; ``last`` is where the next page goes on, if there is one."""

    missions: Sequence[Mission]
    last: tuple[str, UUID] | None


async def get_mission(db: AsyncSession, slug: str, *, lock: bool = False) -> Mission:
    wanted = select(Mission).where(Mission.slug == slug)
    mission = await db.scalar(wanted.with_for_update() if lock else wanted)
    if mission is None:
        raise MissionNotFound
    return mission


async def get_current_mission(db: AsyncSession, slug: str) -> Mission:
    """Return a mission that may still be flown; raises MissionNotFound, MissionArchived."""
    mission = await get_mission(db, slug)
    if mission.archived_at is not None:
        raise MissionArchived
    return mission


async def list_missions(
    db: AsyncSession,
    *,
    search: str = "",
    archived: bool = False,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> MissionPage:
    """Return missions by title, those whose title begins with ``search``."""
    title = func.lower(Mission.title)
    missions = select(Mission, title).order_by(title, Mission.id).limit(limit + 1)
    if not archived:
        missions = missions.where(Mission.archived_at.is_(None))
    if wanted := search.strip().lower().replace("\0", ""):
        missions = missions.where(and_(title >= wanted, title < wanted + "\U0010ffff"))
    if after is not None:
        missions = missions.where(tuple_(title, Mission.id) > after)
    rows = (await db.execute(missions)).all()
    page = rows[:limit]
    last = (page[-1][1], page[-1][0].id) if len(rows) > limit else None
    return MissionPage([row[0] for row in page], last)
