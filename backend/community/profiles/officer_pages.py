"""The forms on a member's page: what officers change of somebody."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.awards.actions import grant_award, withdraw_award
from backend.community.awards.schemas import GrantRequest, Withdrawal
from backend.community.counters.actions import set_counter
from backend.community.counters.schemas import CounterChange
from backend.community.departures.actions import record_departure, record_return
from backend.community.departures.schemas import DepartureRequest
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.idempotency.forms import is_first
from backend.community.profiles.schemas import ChosenAward, ChosenCounter
from backend.community.profiles.showing import lead_back, show_member
from backend.community.ranks.actions import change_rank, undo_rank_change
from backend.community.ranks.schemas import ChangeId, RankChangeRequest, UndoRequest
from backend.web.forms import Sent, attempt

router = APIRouter(prefix="/members/{discord_id}", include_in_schema=False)

MayPromote = Annotated[Access, Needs(Permission.MEMBERS_PROMOTE)]
MayGrant = Annotated[Access, Needs(Permission.AWARDS_GRANT)]
MayDischarge = Annotated[Access, Needs(Permission.MEMBERS_DISCHARGE)]
MayWriteStats = Annotated[Access, Needs(Permission.STATS_WRITE)]


@router.post("/rank-changes")
async def change_members_rank(
    request: Request,
    db: Transaction,
    by: MayPromote,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "rank") as tried:
        wanted = RankChangeRequest.model_validate(
            {
                "rank": sent.value("rank"),
                "reason": sent.value("reason"),
                "effective_on": sent.maybe("effective_on"),
            }
        )
        await change_rank(db, discord_id, wanted, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "ranked")


@router.post("/rank-changes/{change_id}/undo")
async def undo_members_rank_change(
    request: Request,
    db: Transaction,
    by: MayPromote,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    change_id: Annotated[ChangeId, Path()],
    sent: Sent,
) -> Response:
    async with attempt(db, sent, f"undo-{change_id}") as tried:
        reason = UndoRequest(reason=sent.value("reason")).reason
        await undo_rank_change(db, change_id, reason, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "undone")


@router.post("/awards")
async def grant_to_member(
    request: Request,
    db: Transaction,
    by: MayGrant,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "award") as tried:
        wanted = GrantRequest(discord_ids=[discord_id], reason=sent.value("reason"))
        award_id = ChosenAward.model_validate({"award": sent.value("award")}).award
        await grant_award(db, award_id, wanted, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "granted")


@router.post("/awards/{grant_id}/withdraw")
async def withdraw_from_member(
    request: Request,
    db: Transaction,
    by: MayGrant,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    grant_id: UUID,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, f"withdraw-{grant_id}") as tried:
        reason = Withdrawal(reason=sent.value("reason")).reason
        await withdraw_award(db, grant_id, reason, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "withdrawn")


@router.post("/departure")
async def record_members_departure(
    request: Request,
    db: Transaction,
    by: MayDischarge,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "departure") as tried:
        reason = DepartureRequest(reason=sent.value("reason")).reason
        await record_departure(db, discord_id, reason, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "left")


@router.post("/return")
async def record_members_return(
    request: Request,
    db: Transaction,
    by: MayDischarge,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "departure") as tried:
        await record_return(db, discord_id, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "returned")


@router.post("/counters")
async def set_members_counter(
    request: Request,
    db: Transaction,
    by: MayWriteStats,
    origin: RequestOrigin,
    cursors: Cursors,
    discord_id: DiscordId,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "counter") as tried:
        key = ChosenCounter.model_validate({"counter": sent.value("counter")}).counter
        how = "value" if sent.value("how") == "value" else "add"
        change = CounterChange.model_validate({how: sent.number("number")})
        first = await is_first(db, request, sent, by)
        if first:
            await set_counter(db, discord_id, key, change, by=by, origin=origin)
    if tried.refusal:
        return await show_member(request, db, by, cursors, discord_id, refused=tried.refusal)
    return lead_back(discord_id, "counted" if first else "repeated")
