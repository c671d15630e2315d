from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.catalogue.queries import list_entries
from backend.community.catalogue.schemas import CatalogueListing
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.missions import actions, queries
from backend.community.missions.schemas import MissionChange, NewMission
from backend.community.models import Mission
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(prefix="/missions", include_in_schema=False)

MayManageMissions = Annotated[Access, Needs(Permission.MISSIONS_MANAGE)]
MissionSlug = Annotated[Slug, Path()]

_PAGE_SIZE = 50


@router.get("")
async def missions_page(
    request: Request,
    db: Transaction,
    _: MaySeeMembers,
    cursors: Cursors,
    search: Annotated[str, Query(max_length=120)] = "",
    archived: bool = False,
    cursor: str | None = None,
) -> Response:
    listing = CatalogueListing(search=search.replace("\0", ""), archived=archived)
    name = listing.name("missions")
    page = await list_entries(
        db,
        Mission,
        search=listing.search,
        archived=archived,
        after=cursors.read_row(name, cursor, str, UUID),
        limit=_PAGE_SIZE,
    )
    query = {"search": search} if search else {}
    query |= {"archived": "true"} if archived else {}
    next_cursor = cursors.write(name, page.last)
    return render(
        request,
        "missions.html",
        missions=page.entries,
        search=search,
        archived=archived,
        next_url=f"/missions?{urlencode(query | {'cursor': next_cursor})}" if next_cursor else None,
    )


# No slug begins so.
@router.get("/~new")
async def new_mission_page(request: Request, _: MayManageMissions) -> Response:
    return _form(request, None)


@router.post("")
async def create_mission(
    request: Request, db: Transaction, by: MayManageMissions, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent) as tried:
        new = NewMission.model_validate({"slug": sent.value("slug")} | _values(sent))
        await actions.create_mission(db, new, by=by, origin=origin)
    if tried.refusal:
        return _form(request, None, tried.refusal)
    return RedirectResponse(f"/missions/{new.slug}?done=created", status.HTTP_303_SEE_OTHER)


@router.get("/{slug}/edit")
async def edit_mission_page(
    request: Request, db: Transaction, slug: MissionSlug, _: MayManageMissions
) -> Response:
    return _form(request, await queries.get_mission(db, slug))


@router.post("/{slug}/edit")
async def edit_mission(
    request: Request,
    db: Transaction,
    slug: MissionSlug,
    by: MayManageMissions,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        values = _values(sent) | {"archived": sent.has("archived")}
        change = MissionChange.model_validate(values)
        await actions.change_mission(db, slug, change, by=by, origin=origin)
    if tried.refusal:
        return _form(request, await queries.get_mission(db, slug), tried.refusal)
    return RedirectResponse(f"/missions/{slug}?done=edited", status.HTTP_303_SEE_OTHER)


def _values(sent: SentForm) -> dict[str, Any]:
    return {
        "title": sent.value("title"),
        "briefing": sent.maybe("briefing"),
        "points": sent.number("points") or 0,
        "minutes": sent.number("minutes"),
    }


def _form(request: Request, mission: Mission | None, refused: Refusal | None = None) -> Response:
    return render(
        request,
        "mission_edit.html",
        status=refused.status if refused else status.HTTP_200_OK,
        mission=mission,
        refused=refused,
    )
