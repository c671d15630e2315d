from typing import Annotated

from fastapi import APIRouter, Path, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.models import Season
from backend.community.seasons import actions, queries
from backend.community.seasons.schemas import NewSeason, SeasonDetails, SeasonList
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/seasons", tags=["standings"], route_class=StrictRoute)

MayManageSeasons = Annotated[Access, Needs(Permission.SEASONS_MANAGE)]


@router.get("")
async def list_seasons(db: Transaction, _: MaySeeMembers) -> SeasonList:
    """All seasons, the newest first."""
    seasons = await queries.list_seasons(db)
    return SeasonList(items=[SeasonDetails.model_validate(season) for season in seasons])


@router.post("", status_code=status.HTTP_201_CREATED, response_model=SeasonDetails)
async def open_season(
    db: Transaction, new: NewSeason, officer: MayManageSeasons, origin: RequestOrigin
) -> Season:
    """Begin to count a season; what was completed in it before counts too."""
    return await actions.open_season(db, new, by=officer, origin=origin)


@router.post("/{slug}/close", response_model=SeasonDetails)
async def close_season(
    db: Transaction, slug: Annotated[Slug, Path()], officer: MayManageSeasons, origin: RequestOrigin
) -> Season:
    """Keep the standings of a season that has ended as they are now, for ever."""
    return await actions.close_season(db, slug, by=officer, origin=origin)
