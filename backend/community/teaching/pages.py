from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import DiscordId, RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.callers import MaySeeMembers
from backend.community.members.lookup import find_meant
from backend.community.members.queries import find_member, list_rank_names
from backend.community.occurrences.queries import list_occurrences
from backend.community.teaching import actions
from backend.community.trainings import queries
from backend.community.trainings.requirements import find_missing
from backend.community.trainings.schemas import Prerequisites
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/trainings", include_in_schema=False)

MayManageTrainings = Annotated[Access, Needs(Permission.TRAININGS_MANAGE)]
TrainingSlug = Annotated[Slug, Path()]

_NEXT = 10
_DONE = {
    "created": "The training is in the catalogue.",
    "edited": "The training was changed.",
    "required": "What this training requires was changed.",
    "listed": "The member may pass people in this training.",
    "unlisted": "The member was taken off the list of instructors.",
}


@router.get("/{slug}")
async def training_page(
    request: Request, db: Transaction, slug: TrainingSlug, reader: MaySeeMembers, done: str = ""
) -> Response:
    return await _page(request, db, slug, reader, done=done)


@router.post("/{slug}/prerequisites")
async def set_prerequisites(
    request: Request,
    db: Transaction,
    slug: TrainingSlug,
    by: MayManageTrainings,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "prerequisites") as tried:
        required = Prerequisites(trainings=sent.words("trainings")).trainings
        await actions.set_prerequisites(db, slug, required, by=by, origin=origin)
    return await _answer(request, db, slug, by, tried.refusal, "required")


@router.post("/{slug}/instructors")
async def list_instructor(
    request: Request,
    db: Transaction,
    slug: TrainingSlug,
    by: MayManageTrainings,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "instructor") as tried:
        member = await find_meant(db, sent.value("member"))
        await actions.list_instructor(db, slug, member.discord_id, by=by, origin=origin)
    return await _answer(request, db, slug, by, tried.refusal, "listed")


@router.post("/{slug}/instructors/{discord_id}/remove")
async def unlist_instructor(
    request: Request,
    db: Transaction,
    slug: TrainingSlug,
    discord_id: DiscordId,
    by: MayManageTrainings,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "instructor") as tried:
        await actions.unlist_instructor(db, slug, discord_id, by=by, origin=origin)
    return await _answer(request, db, slug, by, tried.refusal, "unlisted")


async def _answer(
    request: Request,
    db: Transaction,
    slug: str,
    reader: Access,
    refused: Refusal | None,
    done: str,
) -> Response:
    if refused:
        return await _page(request, db, slug, reader, refused=refused)
    return RedirectResponse(f"/trainings/{slug}?done={done}", status.HTTP_303_SEE_OTHER)


async def _page(
    request: Request,
    db: Transaction,
    slug: str,
    reader: Access,
    *,
    done: str = "",
    refused: Refusal | None = None,
) -> Response:
    training = await queries.get_training(db, slug)
    classes = await list_occurrences(
        db, since=datetime.now(UTC), training_id=training.id, limit=_NEXT
    )
    member = await find_member(db, reader.discord_id) if reader.discord_id else None
    return render(
        request,
        "training.html",
        status=refused.status if refused else status.HTTP_200_OK,
        training=training,
        prerequisites=await queries.list_prerequisites(db, training.id),
        instructors=await queries.list_instructors(db, training.id),
        missing=await find_missing(db, training.id, member) if member else None,
        rank_names=await list_rank_names(db),
        occurrences=classes.occurrences,
        message=_DONE.get(done),
        refused=refused,
    )
