from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import AnyAccess, CallerAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.awards.actions import grant_award, withdraw_award
from backend.community.awards.schemas import GrantRequest, Withdrawal
from backend.community.dependencies import (
    Cursors,
    DiscordId,
    RequestOrigin,
    RunningCommunity,
    Transaction,
)
from backend.community.members.actions import get_own_member
from backend.community.members.callers import MaySeeMembers
from backend.community.members.queries import get_member_here
from backend.community.mirror.dependencies import MirroredCaller
from backend.community.models import Member
from backend.community.profiles.queries import get_profile
from backend.community.profiles.schemas import ChosenAward
from backend.community.ranks.actions import change_rank, undo_rank_change
from backend.community.ranks.schemas import ChangeId, RankChangeRequest, UndoRequest
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, attempt
from backend.web.navigation import sections_for
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

MayPromote = Annotated[Access, Needs(Permission.MEMBERS_PROMOTE)]
MayGrant = Annotated[Access, Needs(Permission.AWARDS_GRANT)]

_DONE = {
    "saved": "Your profile was saved.",
    "ranked": "The rank was changed.",
    "undone": "The change of rank was undone.",
    "granted": "The award was granted.",
    "withdrawn": "The award was withdrawn.",
}


@router.get("/community")
async def enter_community(access: AnyAccess) -> Response:
    """Lead to the first section that is open to the caller."""
    sections = sections_for(access.permissions)
    path = sections[0].path if sections else "/profile"
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)


@router.get("/profile")
async def profile_page(
    request: Request,
    db: Transaction,
    community: RunningCommunity,
    caller: MirroredCaller,
    access: CallerAccess,
    cursors: Cursors,
    done: str = "",
    ranks: str | None = None,
) -> Response:
    member = await get_own_member(community.database, db, caller)
    if member is None:
        return render(request, "profile.html")
    return await _page(request, db, access, cursors, member, done=done, cursor=ranks)


@router.get("/members/{discord_id}")
async def member_page(
    request: Request,
    db: Transaction,
    access: MaySeeMembers,
    cursors: Cursors,
    discord_id: DiscordId,
    done: str = "",
    ranks: str | None = None,
) -> Response:
    return await _page_of(request, db, access, cursors, discord_id, done=done, cursor=ranks)


@router.post("/members/{discord_id}/rank-changes")
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
        return await _page_of(request, db, by, cursors, discord_id, refused=tried.refusal)
    return _done(discord_id, "ranked")


@router.post("/members/{discord_id}/rank-changes/{change_id}/undo")
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
        return await _page_of(request, db, by, cursors, discord_id, refused=tried.refusal)
    return _done(discord_id, "undone")


@router.post("/members/{discord_id}/awards")
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
        return await _page_of(request, db, by, cursors, discord_id, refused=tried.refusal)
    return _done(discord_id, "granted")


@router.post("/members/{discord_id}/awards/{grant_id}/withdraw")
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
        return await _page_of(request, db, by, cursors, discord_id, refused=tried.refusal)
    return _done(discord_id, "withdrawn")


async def _page_of(
    request: Request,
    db: Transaction,
    access: Access,
    cursors: SignedCursors,
    discord_id: str,
    *,
    done: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    or_gone = access.discord_id == discord_id or access.may(Permission.MEMBERS_DISCHARGE)
    member = await get_member_here(db, discord_id, or_gone=or_gone)
    return await _page(
        request, db, access, cursors, member, done=done, cursor=cursor, refused=refused
    )


async def _page(
    request: Request,
    db: Transaction,
    access: Access,
    cursors: SignedCursors,
    member: Member,
    *,
    done: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    listed = f"rank changes of {member.discord_id}"
    position = cursors.read(listed, cursor)
    after = (str(position[0]), int(position[1])) if position else None
    profile = await get_profile(db, member, access, after=after)
    return render(
        request,
        "member.html",
        status=refused.status if refused else status.HTTP_200_OK,
        profile=profile,
        member=profile.member,
        next_ranks=cursors.write(listed, profile.next_changes),
        message=_DONE.get(done),
        refused=refused,
    )


def _done(discord_id: str, done: str) -> Response:
    return RedirectResponse(f"/members/{discord_id}?done={done}", status.HTTP_303_SEE_OTHER)
