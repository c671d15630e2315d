from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import PageSize, Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.models import Training
from backend.community.trainings import actions, queries
from backend.community.trainings.schemas import (
    NewTraining,
    TrainingChange,
    TrainingDetails,
    TrainingList,
)
from backend.web.cursors import read_uuid_cursor, write_cursor
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/trainings", tags=["trainings"], route_class=StrictRoute)

MayManageTrainings = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]

TrainingSlug = Annotated[Slug, Path()]


@router.get("")
async def list_trainings(
    db: Transaction,
    _: MaySeeMembers,
    search: Annotated[str, Query(max_length=120)] = "",
    archived: bool = False,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> TrainingList:
    """List the catalogue by title, with `archived=true` the archived trainings too."""
    page = await queries.list_trainings(
        db, search=search, archived=archived, after=read_uuid_cursor(cursor), limit=limit
    )
    return TrainingList(
        items=[TrainingDetails.model_validate(training) for training in page.trainings],
        next_cursor=write_cursor(*page.last) if page.last else None,
    )


@router.post("", status_code=status.HTTP_201_CREATED, response_model=TrainingDetails)
async def create_training(
    db: Transaction, new: NewTraining, officer: MayManageTrainings, origin: RequestOrigin
) -> Training:
    """Add a training to the catalogue."""
    return await actions.create_training(db, new, by=officer, origin=origin)


@router.patch("/{slug}", response_model=TrainingDetails)
async def change_training(
    db: Transaction,
    slug: TrainingSlug,
    change: TrainingChange,
    officer: MayManageTrainings,
    origin: RequestOrigin,
) -> Training:
    """Change a training, archive or restore it; what was awarded stays as it was awarded."""
    return await actions.change_training(db, slug, change, by=officer, origin=origin)
