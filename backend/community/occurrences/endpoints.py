from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.fields import Moment, PageSize, Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.members.queries import get_member
from backend.community.missions.queries import get_mission
from backend.community.occurrences import actions, queries
from backend.community.occurrences.callers import MayScheduleThis
from backend.community.occurrences.queries import Found
from backend.community.occurrences.schemas import (
    NewOccurrence,
    OccurrenceChange,
    OccurrenceDetails,
    OccurrenceList,
    SlotDetails,
)
from backend.community.trainings.queries import get_training
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["occurrences"], route_class=StrictRoute)

MayScheduleMissions = Annotated[Access, Needs(Permission.MISSIONS_MANAGE)]
MayScheduleClasses = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]

CatalogueSlug = Annotated[Slug, Path()]


@router.post("/missions/{slug}/occurrences", status_code=status.HTTP_201_CREATED)
async def schedule_mission(
    db: Transaction,
    slug: CatalogueSlug,
    new: NewOccurrence,
    officer: MayScheduleMissions,
    origin: RequestOrigin,
) -> OccurrenceDetails:
    """Set a date for a mission."""
    return details(await actions.schedule_mission(db, slug, new, by=officer, origin=origin))


@router.post("/trainings/{slug}/classes", status_code=status.HTTP_201_CREATED)
async def schedule_class(
    db: Transaction,
    slug: CatalogueSlug,
    new: NewOccurrence,
    officer: MayScheduleClasses,
    origin: RequestOrigin,
) -> OccurrenceDetails:
    """Set a date for a class; its leader has to be a listed instructor."""
    return details(await actions.schedule_class(db, slug, new, by=officer, origin=origin))


@router.get("/occurrences")
async def list_occurrences(
    db: Transaction,
    caller: MaySeeMembers,
    cursors: Cursors,
    mission: Slug | None = None,
    training: Slug | None = None,
    since: Annotated[Moment | None, Query(description="From now on, if left out.")] = None,
    mine: Annotated[bool, Query(description="Only those that I signed up for.")] = False,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> OccurrenceList:
    """List dates of missions and classes, the earliest first."""
    if mine and caller.discord_id is None:
        raise NotLinkedToDiscord
    name = f"occurrences {mission} {training} {since} {caller.uid if mine else ''}"
    page = await queries.list_occurrences(
        db,
        since=since or datetime.now(UTC),
        mission_id=(await get_mission(db, mission)).id if mission else None,
        training_id=(await get_training(db, training)).id if training else None,
        member_id=(await get_member(db, caller.discord_id)).id
        if mine and caller.discord_id
        else None,
        after=cursors.read_row(name, cursor, datetime.fromisoformat, UUID),
        limit=limit,
    )
    return OccurrenceList(
        items=[details(found) for found in page.occurrences],
        next_cursor=cursors.write(name, page.last),
    )


@router.get("/occurrences/{occurrence_id}")
async def get_occurrence(
    db: Transaction, occurrence_id: UUID, _: MaySeeMembers
) -> OccurrenceDetails:
    """One date, with its slots and how full they are."""
    return details(await queries.get_occurrence(db, occurrence_id))


@router.patch("/occurrences/{occurrence_id}")
async def change_occurrence(
    db: Transaction,
    occurrence_id: UUID,
    change: OccurrenceChange,
    officer: MayScheduleThis,
    origin: RequestOrigin,
) -> OccurrenceDetails:
    """Change a date: move it, open, lock or cancel it, or give its slots another capacity."""
    found = await actions.change_occurrence(db, occurrence_id, change, by=officer, origin=origin)
    return details(found)


def details(found: Found) -> OccurrenceDetails:
    occurrence = found.occurrence
    own = (
        "id", "status", "starts_at", "ends_at", "signups_close_at", "place", "details",
        "needs_approval",
    )  # fmt: skip
    return OccurrenceDetails(
        **{name: getattr(occurrence, name) for name in own},
        mission=found.mission,
        training=found.training,
        title=found.title,
        leader=found.leader,
        slots=[SlotDetails.model_validate(slot, from_attributes=True) for slot in found.slots],
    )
