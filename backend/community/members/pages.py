from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from backend.community.dependencies import (
    RequestOrigin,
    RunningCommunity,
    Transaction,
)
from backend.community.members import actions, queries
from backend.community.members.errors import NotLinkedToDiscord, ProfileChanged
from backend.community.members.schemas import ProfileChange
from backend.community.mirror.dependencies import MirroredCaller
from backend.community.models import Member
from backend.web.conditions import IfMatchMissing
from backend.web.forms import complaint
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

_PAGE_SIZE = 48
_CALLED = {"bio": "The text about you"}
_CHANGED = (
    "Your profile was changed elsewhere in the meantime. Save again to keep what stands here."
)


@router.get("/profile/edit")
async def edit_page(
    request: Request, db: Transaction, community: RunningCommunity, caller: MirroredCaller
) -> Response:
    member = await actions.get_own_member(community.database, db, caller)
    if member is None:
        raise NotLinkedToDiscord
    return _edit_form(request, member, member.display_name, member.bio or "")


@router.post("/profile/edit")
async def save_profile(
    request: Request,
    db: Transaction,
    caller: MirroredCaller,
    origin: RequestOrigin,
    display_name: Annotated[str, Form()] = "",
    bio: Annotated[str, Form()] = "",
    version: Annotated[str, Form()] = "",
) -> Response:
    if caller.discord_id is None:
        raise NotLinkedToDiscord
    # Browsers send line breaks as two characters.
    plain_bio = bio.replace("\r\n", "\n")
    try:
        change = ProfileChange(display_name=display_name, bio=plain_bio)
    except ValidationError as error:
        member = await queries.get_member(db, caller.discord_id)
        _, message = complaint(error, _CALLED)
        return _edit_form(request, member, display_name, plain_bio, message)
    if not version:
        raise IfMatchMissing
    try:
        await actions.change_profile(
            db,
            caller.discord_id,
            change,
            versions=frozenset([version]),
            by=caller.uid,
            origin=origin,
        )
    except ProfileChanged:
        member = await queries.get_member(db, caller.discord_id)
        return _edit_form(
            request, member, display_name, plain_bio, _CHANGED, status.HTTP_412_PRECONDITION_FAILED
        )
    return RedirectResponse("/profile?done=saved", status.HTTP_303_SEE_OTHER)


def _edit_form(
    request: Request,
    member: Member,
    display_name: str,
    bio: str,
    message: str | None = None,
    refused_as: int = status.HTTP_422_UNPROCESSABLE_CONTENT,
) -> Response:
    return render(
        request,
        "profile_edit.html",
        status=refused_as if message else status.HTTP_200_OK,
        member=member,
        version=queries.version_of(member),
        display_name=display_name,
        bio=bio,
        message=message,
    )
