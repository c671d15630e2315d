"""The catalogue of missions. A mission is archived and never deleted; the record names it for ever."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.missions.errors import MissionSlugTaken
from backend.community.missions.queries import get_mission
from backend.community.missions.schemas import MissionChange, NewMission
from backend.community.models import Mission


async def create_mission(
    db: AsyncSession, new: NewMission, *, by: Access, origin: Origin
) -> Mission:
    """Add a mission to the catalogue. Raises MissionSlugTaken."""
    mission: Mission | None = await db.scalar(
        insert(Mission)
        .values(**new.model_dump(), created_by=by.uid)
        .on_conflict_do_nothing(index_elements=[Mission.slug])
        .returning(Mission)
    )
    if mission is None:
        raise MissionSlugTaken(new.slug)
    record(db, "mission.created", actor=by.uid, origin=origin, mission=new.slug)
    return mission


async def change_mission(
    db: AsyncSession, slug: str, change: MissionChange, *, by: Access, origin: Origin
) -> Mission:
    """Change, archive or restore a mission; what was awarded stays as it was awarded."""
    mission = await get_mission(db, slug, lock=True)
    changed = change.model_dump(exclude_unset=True)
    archive = changed.pop("archived", None)
    for name, value in changed.items():
        setattr(mission, name, value)
    if archive is not None and archive != (mission.archived_at is not None):
        mission.archived_at = func.now() if archive else None
    record(
        db, "mission.changed", actor=by.uid, origin=origin, mission=slug,
        fields=sorted(change.model_fields_set),
    )  # fmt: skip
    await db.flush()
    await db.refresh(mission)
    return mission
