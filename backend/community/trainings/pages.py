from datetime import UTC, date, datetime, timedelta
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
from backend.community.models import Training
from backend.community.ranks.queries import list_ranks
from backend.community.trainings import actions, queries
from backend.community.trainings.schemas import NewTraining, TrainingChange
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(prefix="/trainings", include_in_schema=False)

MayManageTrainings = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]
TrainingSlug = Annotated[Slug, Path()]

_PAGE_SIZE = 50


@router.get("")
async def trainings_page(
    request: Request,
    db: Transaction,
    _: MaySeeMembers,
    cursors: Cursors,
    search: Annotated[str, Query(max_length=120)] = "",
    archived: bool = False,
    cursor: str | None = None,
) -> Response:
    listing = CatalogueListing(search=search.replace("\0", ""), archived=archived)
    name = listing.name("trainings")
    page = await list_entries(
        db,
        Training,
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
        "trainings.html",
        trainings=page.entries,
        search=search,
        archived=archived,
        next_url=f"/trainings?{urlencode(query | {'cursor': next_cursor})}"
        if next_cursor
        else None,
    )


# No slug begins like these two.
@router.get("/~new")
async def new_training_page(request: Request, db: Transaction, _: MayManageTrainings) -> Response:
    return await _form(request, db, None)


@router.get("/~expiring")
async def expiring_page(
    request: Request,
    db: Transaction,
    _: MayManageTrainings,
    cursors: Cursors,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    cursor: str | None = None,
) -> Response:
    today = datetime.now(UTC).date()
    listed = f"trainings expiring within {days} days"
    position = cursors.read(listed, cursor)
    after = (date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    page = await queries.list_expiring(
        db, since=today, until=today + timedelta(days=days), after=after, limit=_PAGE_SIZE
    )
    last = (page.last[0].isoformat(), str(page.last[1])) if page.last else None
    following = cursors.write(listed, last)
    query = urlencode({"days": days, "cursor": following})
    return render(
        request,
        "trainings_expiring.html",
        completions=page.completions,
        days=days,
        next_url=f"/trainings/~expiring?{query}" if following else None,
    )


@router.post("")
async def create_training(
    request: Request, db: Transaction, by: MayManageTrainings, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent) as tried:
        new = NewTraining.model_validate({"slug": sent.value("slug")} | _values(sent))
        await actions.create_training(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _form(request, db, None, tried.refusal)
    return RedirectResponse(f"/trainings/{new.slug}?done=created", status.HTTP_303_SEE_OTHER)


@router.get("/{slug}/edit")
async def edit_training_page(
    request: Request, db: Transaction, slug: TrainingSlug, _: MayManageTrainings
) -> Response:
    return await _form(request, db, await queries.get_training(db, slug))


@router.post("/{slug}/edit")
async def edit_training(
    request: Request,
    db: Transaction,
    slug: TrainingSlug,
    by: MayManageTrainings,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        values = _values(sent) | {"archived": sent.has("archived")}
        change = TrainingChange.model_validate(values)
        await actions.change_training(db, slug, change, by=by, origin=origin)
    if tried.refusal:
        training = await queries.get_training(db, slug)
        return await _form(request, db, training, tried.refusal)
    return RedirectResponse(f"/trainings/{slug}?done=edited", status.HTTP_303_SEE_OTHER)


def _values(sent: SentForm) -> dict[str, Any]:
    return {
        "title": sent.value("title"),
        "description": sent.maybe("description"),
        "points": sent.number("points") or 0,
        "level": sent.number("level"),
        "valid_days": sent.number("valid_days"),
        "minimum_rank": sent.maybe("minimum_rank"),
    }


async def _form(
    request: Request, db: Transaction, training: Training | None, refused: Refusal | None = None
) -> Response:
    return render(
        request,
        "training_edit.html",
        status=refused.status if refused else status.HTTP_200_OK,
        training=training,
        ranks=await list_ranks(db),
        refused=refused,
    )
