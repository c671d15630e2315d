from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import CallerAccess
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.members.queries import find_member, list_names, list_rank_names
from backend.community.occurrences.callers import MayScheduleThis, may_report
from backend.community.occurrences.queries import get_occurrence
from backend.community.signups import actions, queries
from backend.community.signups.schemas import SignupRequest
from backend.community.trainings.requirements import find_missing
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/calendar/{occurrence_id}", include_in_schema=False)

_PAGE_SIZE = 100
_DONE = {
    "saved": "The date was saved.",
    "signed-up": "You have signed up.",
    "withdrawn": "You have withdrawn.",
    "asked": "You have signed up; somebody who plans this decides on it.",
    "approved": "The sign-up was approved.",
    "removed": "The sign-up was removed; whoever waited has moved up.",
    "reported": "The report was saved, and the record follows it.",
}


@router.get("")
async def date_page(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    reader: MaySeeMembers,
    cursors: Cursors,
    done: str = "",
    cursor: str | None = None,
) -> Response:
    return await _page(request, db, occurrence_id, reader, cursors, done=done, cursor=cursor)


@router.post("/signup")
async def sign_up(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    caller: CallerAccess,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "signup") as tried:
        slot = SignupRequest(slot=sent.maybe("slot")).slot
        row = await actions.sign_up(
            db, occurrence_id, _discord_id(caller), slot, by=caller, origin=origin
        )
    if tried.refusal:
        return await _page(request, db, occurrence_id, caller, cursors, refused=tried.refusal)
    return _done(occurrence_id, "asked" if row.status == "pending" else "signed-up")


@router.post("/withdraw")
async def withdraw(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    caller: CallerAccess,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "signup") as tried:
        await actions.withdraw(db, occurrence_id, _discord_id(caller), by=caller, origin=origin)
    if tried.refusal:
        return await _page(request, db, occurrence_id, caller, cursors, refused=tried.refusal)
    return _done(occurrence_id, "withdrawn")


@router.post("/signups/{discord_id}/approve")
async def approve(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    discord_id: DiscordId,
    officer: MayScheduleThis,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "roster") as tried:
        await actions.approve(db, occurrence_id, discord_id, by=officer, origin=origin)
    if tried.refusal:
        return await _page(request, db, occurrence_id, officer, cursors, refused=tried.refusal)
    return _done(occurrence_id, "approved")


@router.post("/signups/{discord_id}/remove")
async def remove(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    discord_id: DiscordId,
    officer: MayScheduleThis,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "roster") as tried:
        await actions.withdraw(db, occurrence_id, discord_id, by=officer, origin=origin)
    if tried.refusal:
        return await _page(request, db, occurrence_id, officer, cursors, refused=tried.refusal)
    return _done(occurrence_id, "removed")


async def _page(
    request: Request,
    db: Transaction,
    occurrence_id: UUID,
    reader: Access,
    cursors: SignedCursors,
    *,
    done: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    found = await get_occurrence(db, occurrence_id)
    training_id = found.occurrence.training_id
    listed = f"sign-ups of {occurrence_id}"
    (after,) = cursors.read(listed, cursor) or (0,)
    page = await queries.list_signups(db, occurrence_id, after=int(after), limit=_PAGE_SIZE)
    member = await find_member(db, reader.discord_id) if reader.discord_id else None
    following = cursors.write(listed, (page.last,) if page.last else None)
    schedules = Permission.TRAININGS_MANAGE if training_id else Permission.MISSIONS_MANAGE
    return render(
        request,
        "date.html",
        status=refused.status if refused else status.HTTP_200_OK,
        found=found,
        date=found.occurrence,
        leader=(await list_names(db, [found.leader])).get(found.leader) if found.leader else None,
        signups=page.signups,
        own=await queries.find_signup(db, occurrence_id, member.id) if member else None,
        is_member=member is not None,
        takes_signups=queries.takes_signups(found.occurrence),
        missing=await find_missing(db, training_id, member) if training_id and member else None,
        rank_names=await list_rank_names(db),
        has_begun=found.occurrence.starts_at <= datetime.now(UTC),
        may_schedule=reader.may(schedules),
        # Nobody approves himself, but for admins.
        not_to_approve=None if reader.is_admin else reader.discord_id,
        may_report=await may_report(db, found, reader),
        next_url=f"/calendar/{occurrence_id}?cursor={following}" if following else None,
        message=_DONE.get(done),
        refused=refused,
    )


def _discord_id(caller: Access) -> str:
    if caller.discord_id is None:
        raise NotLinkedToDiscord
    return caller.discord_id


def _done(occurrence_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/calendar/{occurrence_id}?done={done}", status.HTTP_303_SEE_OTHER)
