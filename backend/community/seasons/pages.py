"""The seasons: opened over a stretch of time, and closed once, for ever."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.seasons import actions, queries
from backend.community.seasons.schemas import NewSeason
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/leaderboards/seasons", include_in_schema=False)

MayManageSeasons = Annotated[Access, Needs(Permission.SEASONS_MANAGE)]
SeasonSlug = Annotated[Slug, Path()]
_DONE = {
    "opened": "The season is open; what was completed in it before counts too.",
    "closed": "The season is closed. Its standings stay as they are.",
}


@router.get("")
async def seasons_page(
    request: Request, db: Transaction, _: MaySeeMembers, done: str = ""
) -> Response:
    return await _list(request, db, done=done)


@router.post("")
async def open_season(
    request: Request, db: Transaction, by: MayManageSeasons, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent, "new") as tried:
        new = NewSeason.model_validate(
            {
                "slug": sent.value("slug"),
                "title": sent.value("title"),
                "starts_at": sent.moment("starts_at"),
                "ends_at": sent.moment("ends_at"),
            }
        )
        await actions.open_season(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _list(request, db, refused=tried.refusal)
    return RedirectResponse("/leaderboards/seasons?done=opened", status.HTTP_303_SEE_OTHER)


@router.get("/{slug}/close")
async def closing_page(
    request: Request, db: Transaction, slug: SeasonSlug, _: MayManageSeasons
) -> Response:
    """Say what closing does, and ask once more."""
    return await _closing(request, db, slug)


@router.post("/{slug}/close")
async def close_season(
    request: Request,
    db: Transaction,
    slug: SeasonSlug,
    by: MayManageSeasons,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        await actions.close_season(db, slug, by=by, origin=origin)
    if tried.refusal:
        return await _closing(request, db, slug, refused=tried.refusal)
    return RedirectResponse("/leaderboards/seasons?done=closed", status.HTTP_303_SEE_OTHER)


async def _list(
    request: Request, db: Transaction, *, done: str = "", refused: Refusal | None = None
) -> Response:
    return render(
        request,
        "seasons.html",
        status=refused.status if refused else status.HTTP_200_OK,
        seasons=await queries.list_seasons(db),
        now=datetime.now(UTC),
        message=_DONE.get(done),
        refused=refused,
    )


async def _closing(
    request: Request, db: Transaction, slug: str, *, refused: Refusal | None = None
) -> Response:
    season = await queries.get_season(db, slug)
    return render(
        request,
        "season_close.html",
        status=refused.status if refused else status.HTTP_200_OK,
        season=season,
        may_close=season.closed_at is None and season.ends_at <= datetime.now(UTC),
        refused=refused,
    )
