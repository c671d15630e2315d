from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.catalogue.queries import list_entries
from backend.community.catalogue.schemas import CatalogueListing
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.models import Training
from backend.community.trainings import actions
from backend.community.trainings.schemas import (
    NewTraining,
    TrainingChange,
    TrainingDetails,
    TrainingList,
)
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/trainings", tags=["trainings"], route_class=StrictRoute)

MayManageTrainings = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]

TrainingSlug = Annotated[Slug, Path()]


@router.get("")
async def list_trainings(
    db: Transaction,
    _: MaySeeMembers,
    cursors: Cursors,
    listing: Annotated[CatalogueListing, Query()],
) -> TrainingList:
    """List the catalogue by title, with `archived=true` the archived trainings too."""
    name = listing.name("trainings")
    page = await list_entries(
        db,
        Training,
        search=listing.search,
        archived=listing.archived,
        after=cursors.read_row(name, listing.cursor, str, UUID),
        limit=listing.limit,
    )
    return TrainingList(
        items=[TrainingDetails.model_validate(training) for training in page.entries],
        next_cursor=cursors.write(name, page.last),
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
