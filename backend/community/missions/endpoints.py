from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import PageSize, Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.missions import actions, queries
from backend.community.missions.schemas import (
    MissionChange,
    MissionDetails,
    MissionList,
    NewMission,
)
from backend.community.models import Mission
from backend.web.cursors import read_uuid_cursor, write_cursor
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/missions", tags=["missions"], route_class=StrictRoute)

MayManageMissions = Annotated[Access, Needs(Permission.MISSIONS_MANAGE)]

MissionSlug = Annotated[Slug, Path()]


@router.get("")
async def list_missions(
    db: Transaction,
    _: MaySeeMembers,
    search: Annotated[str, Query(max_length=120)] = "",
    archived: bool = False,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> MissionList:
    """List the catalogue by title, with `archived=true` the archived missions too."""
    page = await queries.list_missions(
        db, search=search, archived=archived, after=read_uuid_cursor(cursor), limit=limit
    )
    return MissionList(
        items=[MissionDetails.model_validate(mission) for mission in page.missions],
        next_cursor=write_cursor(*page.last) if page.last else None,
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
