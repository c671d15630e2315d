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
from backend.community.missions import actions, queries
from backend.community.missions.schemas import (
    MissionChange,
    MissionDetails,
    MissionList,
    NewMission,
)
from backend.community.models import Mission
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/missions", tags=["missions"], route_class=StrictRoute)

MayManageMissions = Annotated[Access, Needs(Permission.MISSIONS_MANAGE)]

MissionSlug = Annotated[Slug, Path()]


@router.get("")
async def list_missions(
    db: Transaction,
    _: MaySeeMembers,
    cursors: Cursors,
    listing: Annotated[CatalogueListing, Query()],
) -> MissionList:
    """List the catalogue by title, with `archived=true` the archived missions too."""
    name = listing.name("missions")
    page = await list_entries(
        db,
        Mission,
        search=listing.search,
        archived=listing.archived,
        after=cursors.read_row(name, listing.cursor, str, UUID),
        limit=listing.limit,
    )
    return MissionList(
        items=[MissionDetails.model_validate(mission) for mission in page.entries],
        next_cursor=cursors.write(name, page.last),
    )


@router.post("", status_code=status.HTTP_201_CREATED, response_model=MissionDetails)
async def create_mission(
    db: Transaction, new: NewMission, officer: MayManageMissions, origin: RequestOrigin
) -> Mission:
    """Add a mission to the catalogue."""
    return await actions.create_mission(db, new, by=officer, origin=origin)


@router.get("/{slug}", response_model=MissionDetails)
async def get_mission(db: Transaction, slug: MissionSlug, _: MaySeeMembers) -> Mission:
    """One mission."""
    return await queries.get_mission(db, slug)


@router.patch("/{slug}", response_model=MissionDetails)
async def change_mission(
    db: Transaction,
    slug: MissionSlug,
    change: MissionChange,
    officer: MayManageMissions,
    origin: RequestOrigin,
) -> Mission:
    """Change a mission, archive or restore it; what was awarded stays as it was awarded."""
    return await actions.change_mission(db, slug, change, by=officer, origin=origin)
