from typing import Annotated

from fastapi import APIRouter, Path, status

from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.models import Season
from backend.community.officers import Officer
from backend.community.seasons import actions, queries
from backend.community.seasons.schemas import NewSeason, SeasonDetails, SeasonList
from backend.web.callers import Caller

router = APIRouter(prefix="/api/seasons", tags=["standings"])


@router.get("")
async def list_seasons(db: Transaction, _: Caller) -> SeasonList:
    """All seasons, the newest first."""
    seasons = await queries.list_seasons(db)
    return SeasonList(items=[SeasonDetails.model_validate(season) for season in seasons])


@router.post("", status_code=status.HTTP_201_CREATED, response_model=SeasonDetails)
async def open_season(
    db: Transaction, new: NewSeason, officer: Officer, origin: RequestOrigin
) -> Season:
    """Begin to count a season; what was completed in it before counts too."""
    return await actions.open_season(db, new, by=officer, origin=origin)


@router.post("/{slug}/close", response_model=SeasonDetails)
async def close_season(
    db: Transaction, slug: Annotated[Slug, Path()], officer: Officer, origin: RequestOrigin
) -> Season:
    """Keep the standings of a season that has ended as they are now, for ever."""
    return await actions.close_season(db, slug, by=officer, origin=origin)
