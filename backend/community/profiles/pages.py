from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import AnyAccess, CallerAccess
from backend.community.dependencies import Cursors, DiscordId, RunningCommunity, Transaction
from backend.community.members.actions import get_own_member
from backend.community.members.callers import MaySeeMembers
from backend.community.mirror.dependencies import MirroredCaller
from backend.community.profiles.showing import show, show_member
from backend.web.navigation import sections_for
from backend.web.pages import render

router = APIRouter(include_in_schema=False)


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
    return await show(request, db, access, cursors, member, done=done, cursor=ranks)


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
    return await show_member(request, db, access, cursors, discord_id, done=done, cursor=ranks)
