"""Awarding a mission or a training to many at once, from its own page."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.completions import actions
from backend.community.completions.forms import mission_values, training_values
from backend.community.completions.schemas import AwardedMembers, NewCompletions
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import Slug
from backend.community.members.lookup import find_meant
from backend.community.members.queries import list_names
from backend.community.missions.queries import get_mission
from backend.community.models import Mission, Training
from backend.community.trainings.queries import get_training
from backend.web.forms import Refusal, Sent, SentForm, attempt
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

MayAward = Annotated[Access, Needs(Permission.COMPLETIONS_AWARD)]
CatalogueSlug = Annotated[Slug, Path()]
# One more than the schema takes; each name is looked for by itself.
_MOST = 501


@router.get("/missions/{slug}/award")
async def award_mission_page(
    request: Request, db: Transaction, slug: CatalogueSlug, _: MayAward
) -> Response:
    return await _form(request, db, await get_mission(db, slug))


@router.post("/missions/{slug}/award")
async def award_mission(
    request: Request,
    db: Transaction,
    slug: CatalogueSlug,
    by: MayAward,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    mission = await get_mission(db, slug)
    values = {"mission": slug} | mission_values(sent)
    return await _award(request, db, mission, values, by, origin, sent)


@router.get("/trainings/{slug}/award")
async def award_training_page(
    request: Request, db: Transaction, slug: CatalogueSlug, _: MayAward
) -> Response:
    return await _form(request, db, await get_training(db, slug))


@router.post("/trainings/{slug}/award")
async def award_training(
    request: Request,
    db: Transaction,
    slug: CatalogueSlug,
    by: MayAward,
    origin: RequestOrigin,
    sent: Sent,
) -> Response:
    training = await get_training(db, slug)
    values = {"training": slug} | training_values(sent)
    return await _award(request, db, training, values, by, origin, sent)


async def _award(
    request: Request,
    db: Transaction,
    entry: Mission | Training,
    values: dict[str, Any],
    by: Access,
    origin: RequestOrigin,
    sent: SentForm,
) -> Response:
    """Award, and show what became of each; sent once more, it only passes everybody over."""
    async with attempt(db, sent) as tried:
        named = [await _meant(db, line) for line in sent.lines("members")[:_MOST]]
        members = list(dict.fromkeys(named))
        new = NewCompletions.model_validate(values | {"members": members})
        outcome = await actions.award_all(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _form(request, db, entry, refused=tried.refusal)
    return await _form(request, db, entry, outcome=outcome)


async def _meant(db: Transaction, line: str) -> str:
    is_id = line.isascii() and line.isdecimal()
    return line if is_id else (await find_meant(db, line)).discord_id


async def _form(
    request: Request,
    db: Transaction,
    entry: Mission | Training,
    *,
    outcome: AwardedMembers | None = None,
    refused: Refusal | None = None,
) -> Response:
    return render(
        request,
        "award_all.html",
        status=refused.status if refused else status.HTTP_200_OK,
        kind="mission" if isinstance(entry, Mission) else "training",
        entry=entry,
        outcome=outcome,
        names=await list_names(db, [one.member for one in outcome.items]) if outcome else {},
        refused=refused,
    )
