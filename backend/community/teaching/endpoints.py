from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, RunningCommunity, Transaction
from backend.community.fields import DiscordId, PageSize, Slug
from backend.community.members.actions import get_own_member
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.models import Training
from backend.community.teaching import actions
from backend.community.trainings import queries
from backend.community.trainings.requirements import find_missing
from backend.community.trainings.schemas import (
    Eligibility,
    ExpiringTraining,
    ExpiringTrainings,
    Instructor,
    Prerequisites,
    TrainingDetails,
    WholeTraining,
)
from backend.web.callers import Caller
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/trainings", tags=["trainings"], route_class=StrictRoute)

MayManageTrainings = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]

TrainingSlug = Annotated[Slug, Path()]
Member = Annotated[DiscordId, Path()]


@router.get("/expiring")
async def list_expiring(
    db: Transaction,
    _: MayManageTrainings,
    cursors: Cursors,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    since: Annotated[date | None, Query(description="From today, if left out.")] = None,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> ExpiringTrainings:
    """List who has to be certified anew within so many days, the earliest first."""
    begin = min(since or datetime.now(UTC).date(), date(2200, 1, 1))
    name = f"expiring {days} {since}"
    page = await queries.list_expiring(
        db,
        since=begin,
        until=begin + timedelta(days=days),
        after=cursors.read_row(name, cursor, date.fromisoformat, UUID),
        limit=limit,
    )
    return ExpiringTrainings(
        items=[
            ExpiringTraining.model_validate(row, from_attributes=True) for row in page.completions
        ],
        next_cursor=cursors.write(name, page.last),
    )


@router.get("/{slug}")
async def get_training(db: Transaction, slug: TrainingSlug, _: MaySeeMembers) -> WholeTraining:
    """One training, with what it requires and who teaches it."""
    return await _whole(db, await queries.get_training(db, slug))


@router.get("/{slug}/eligibility")
async def get_eligibility(
    db: Transaction, slug: TrainingSlug, community: RunningCommunity, caller: Caller
) -> Eligibility:
    """Whether I may enrol, and what I lack."""
    training = await queries.get_training(db, slug)
    member = await get_own_member(community.database, db, caller)
    if member is None:
        raise NotLinkedToDiscord
    missing = await find_missing(db, training.id, member)
    return Eligibility(
        eligible=not missing,
        missing_trainings=list(missing.trainings),
        missing_rank=missing.rank,
    )


@router.put("/{slug}/prerequisites")
async def set_prerequisites(
    db: Transaction,
    slug: TrainingSlug,
    required: Prerequisites,
    officer: MayManageTrainings,
    origin: RequestOrigin,
) -> WholeTraining:
    """Say which trainings somebody has to hold, valid, to enrol for this one."""
    training = await actions.set_prerequisites(
        db, slug, required.trainings, by=officer, origin=origin
    )
    return await _whole(db, training)


@router.put("/{slug}/instructors/{discord_id}")
async def list_instructor(
    db: Transaction,
    slug: TrainingSlug,
    discord_id: Member,
    officer: MayManageTrainings,
    origin: RequestOrigin,
) -> WholeTraining:
    """Let a member pass people in this training."""
    training = await actions.list_instructor(db, slug, discord_id, by=officer, origin=origin)
    return await _whole(db, training)


@router.delete("/{slug}/instructors/{discord_id}")
async def unlist_instructor(
    db: Transaction,
    slug: TrainingSlug,
    discord_id: Member,
    officer: MayManageTrainings,
    origin: RequestOrigin,
) -> WholeTraining:
    """Take a member off the list of instructors; whom they passed stays passed."""
    training = await actions.unlist_instructor(db, slug, discord_id, by=officer, origin=origin)
    return await _whole(db, training)


async def _whole(db: Transaction, training: Training) -> WholeTraining:
    return WholeTraining(
        **TrainingDetails.model_validate(training).model_dump(),
        prerequisites=list(await queries.list_prerequisites(db, training.id)),
        instructors=[
            Instructor.model_validate(one)
            for one in await queries.list_instructors(db, training.id)
        ],
    )
