"""The forms that set a date for a mission or a class, and change it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.lookup import find_meant
from backend.community.missions.queries import get_mission
from backend.community.occurrences import actions, queries
from backend.community.occurrences.callers import MayScheduleThis
from backend.community.occurrences.queries import Found
from backend.community.occurrences.schemas import NewOccurrence, OccurrenceChange
from backend.community.trainings.queries import get_training
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

MayScheduleMissions = Annotated[Access, Needs(Permission.MISSIONS_MANAGE)]
MayScheduleClasses = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]
CatalogueSlug = Annotated[Slug, Path()]

# Of existing slots and of rows for new ones.
_MOST_SLOTS = 50


@router.get("/missions/{slug}/dates/new")
async def new_date_page(
    request: Request, db: Transaction, slug: CatalogueSlug, _: MayScheduleMissions
) -> Response:
    return _form(request, (await get_mission(db, slug)).title, f"/missions/{slug}")


@router.post("/missions/{slug}/dates")
async def schedule_mission(
    request: Request,
    db: Transaction,
    slug: CatalogueSlug,
    by: MayScheduleMissions,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        new = NewOccurrence.model_validate(await _values(db, sent))
        found = await actions.schedule_mission(db, slug, new, by=by, origin=origin)
    if tried.refusal:
        title = (await get_mission(db, slug)).title
        return _form(request, title, f"/missions/{slug}", refused=tried.refusal)
    return _to(found)


@router.get("/trainings/{slug}/classes/new")
async def new_class_page(
    request: Request, db: Transaction, slug: CatalogueSlug, _: MayScheduleClasses
) -> Response:
    return _form(request, (await get_training(db, slug)).title, f"/trainings/{slug}")


@router.post("/trainings/{slug}/classes")
async def schedule_class(
    request: Request,
    db: Transaction,
    slug: CatalogueSlug,
    by: MayScheduleClasses,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        new = NewOccurrence.model_validate(await _values(db, sent))
        found = await actions.schedule_class(db, slug, new, by=by, origin=origin)
    if tried.refusal:
        title = (await get_training(db, slug)).title
        return _form(request, title, f"/trainings/{slug}", refused=tried.refusal)
    return _to(found)


@router.get("/calendar/{occurrence_id}/edit")
async def edit_date_page(
    request: Request, db: Transaction, occurrence_id: UUID, _: MayScheduleThis
) -> Response:
    return _edit_form(request, await queries.get_occurrence(db, occurrence_id))


@router.post("/calendar/{occurrence_id}/edit")
async def edit_date(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    by: MayScheduleThis,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent) as tried:
        values = await _values(db, sent) | {"status": sent.value("status")}
        change = OccurrenceChange.model_validate(values)
        found = await actions.change_occurrence(db, occurrence_id, change, by=by, origin=origin)
    if tried.refusal:
        found = await queries.get_occurrence(db, occurrence_id)
        return _edit_form(request, found, tried.refusal)
    return _to(found)


async def _values(db: Transaction, sent: SentForm) -> dict[str, Any]:
    slots = [
        {"name": sent.value(f"slot-{row}"), "capacity": sent.number(f"capacity-{row}")}
        for row in range(_MOST_SLOTS)
        if sent.maybe(f"slot-{row}")
    ]
    leader = sent.maybe("leader")
    return {
        "starts_at": sent.moment("starts_at"),
        "ends_at": sent.moment("ends_at"),
        "signups_close_at": sent.moment("signups_close_at"),
        "place": sent.maybe("place"),
        "details": sent.maybe("details"),
        "leader": (await find_meant(db, leader)).discord_id if leader else None,
        "needs_approval": sent.has("needs_approval"),
        "slots": slots,
    }


def _edit_form(request: Request, found: Found, refused: Refusal | None = None) -> Response:
    path = f"/calendar/{found.occurrence.id}"
    return _form(request, found.title, path, found=found, refused=refused)


def _form(
    request: Request,
    title: str,
    back: str,
    *,
    found: Found | None = None,
    refused: Refusal | None = None,
) -> Response:
    return render(
        request,
        "occurrence_edit.html",
        status=refused.status if refused else status.HTTP_200_OK,
        title=title,
        back=back,
        found=found,
        refused=refused,
    )


def _to(found: Found) -> Response:
    path = f"/calendar/{found.occurrence.id}?done=saved"
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)
