"""A member's page as every form on it comes back to it."""

from fastapi import Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Transaction
from backend.community.members.queries import get_member_here
from backend.community.models import Member
from backend.community.profiles.queries import get_profile
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal
from backend.web.pages import render

_DONE = {
    "saved": "Your profile was saved.",
    "ranked": "The rank was changed.",
    "undone": "The change of rank was undone.",
    "granted": "The award was granted.",
    "withdrawn": "The award was withdrawn.",
    "left": "The departure was recorded.",
    "returned": "Welcome back: the member is in the directory again, with everything they had.",
    "counted": "The counter was changed.",
    "repeated": "This was sent twice, and done once.",
}


async def show_member(
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
    return await show(
        request, db, access, cursors, member, done=done, cursor=cursor, refused=refused
    )


async def show(
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
        own=access if profile.is_own else None,
        next_ranks=cursors.write(listed, profile.next_changes),
        message=_DONE.get(done),
        refused=refused,
    )


def lead_back(discord_id: str, done: str) -> Response:
    return RedirectResponse(f"/members/{discord_id}?done={done}", status.HTTP_303_SEE_OTHER)
