from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response, status
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from backend.community.dependencies import DiscordId, RunningCommunity, Transaction
from backend.community.members import actions, queries
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.members.schemas import ProfileChange
from backend.community.models import Member
from backend.web.callers import Caller
from backend.web.cursors import read_cursor, write_cursor
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

_PAGE_SIZE = 48


@router.get("/profile")
async def profile_page(
    request: Request, db: Transaction, community: RunningCommunity, caller: Caller, done: str = ""
) -> Response:
    member = await actions.get_own_member(community.database, db, caller)
    message = "Your profile was saved." if done == "saved" else None
    return render(request, "profile.html", member=member, message=message)


@router.get("/profile/edit")
async def edit_page(
    request: Request, db: Transaction, community: RunningCommunity, caller: Caller
) -> Response:
    member = await actions.get_own_member(community.database, db, caller)
    if member is None:
        raise NotLinkedToDiscord
    return _edit_form(request, member, member.display_name, member.bio or "")


@router.post("/profile/edit")
async def save_profile(
    request: Request,
    db: Transaction,
    caller: Caller,
    display_name: Annotated[str, Form()] = "",
    bio: Annotated[str, Form()] = "",
) -> Response:
    if caller.discord_id is None:
        raise NotLinkedToDiscord
    # Browsers send line breaks as two characters.
    plain_bio = bio.replace("\r\n", "\n")
    try:
        change = ProfileChange(display_name=display_name, bio=plain_bio)
    except ValidationError as error:
        member = await queries.get_member(db, caller.discord_id)
        return _edit_form(request, member, display_name, plain_bio, _complaint(error))
    await actions.change_profile(db, caller.discord_id, change)
    return RedirectResponse("/profile?done=saved", status.HTTP_303_SEE_OTHER)


@router.get("/members")
async def members_page(
    request: Request, db: Transaction, _: MaySeeMembers, search: str = "", cursor: str | None = None
) -> Response:
    wanted = search[:100]
    page = await queries.list_members(
        db, search=wanted, after=read_cursor(cursor), limit=_PAGE_SIZE
    )
    next_url = None
    if page.last:
        query = {"search": wanted} if wanted else {}
        next_url = f"/members?{urlencode(query | {'cursor': write_cursor(*page.last)})}"
    return render(request, "members.html", members=page.members, search=wanted, next_url=next_url)


@router.get("/members/{discord_id}")
async def member_page(
    request: Request,
    db: Transaction,
    access: MaySeeMembers,
    discord_id: DiscordId,
) -> Response:
    member = await queries.get_member(db, discord_id)
    return render(request, "member.html", member=member, is_own=access.discord_id == discord_id)


def _edit_form(
    request: Request, member: Member, display_name: str, bio: str, message: str | None = None
) -> Response:
    return render(
        request,
        "profile_edit.html",
        status=status.HTTP_422_UNPROCESSABLE_CONTENT if message else status.HTTP_200_OK,
        member=member,
        display_name=display_name,
        bio=bio,
        message=message,
    )


def _complaint(error: ValidationError) -> str:
    names = {"display_name": "The display name", "bio": "The text about you"}
    first = error.errors()[0]
    who = names.get(str(first["loc"][0]) if first["loc"] else "", "The form")
    reasons = {
        "string_too_short": "must not be empty",
        "string_too_long": f"may have {first.get('ctx', {}).get('max_length')} characters at most",
    }
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{who} {reasons.get(first['type'], message)}."
