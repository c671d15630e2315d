from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from backend.auth.bans import actions
from backend.auth.bans.schemas import BanRequest
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.users.user_page import done_at_user, user_page
from backend.errors import BadInput, Conflict
from backend.web.callers import Admin

router = APIRouter(prefix="/admin/users", include_in_schema=False)


@router.post("/{uid}/ban")
async def ban_user(
    request: Request,
    uid: UUID,
    admin: Admin,
    auth: RunningAuth,
    origin: RequestOrigin,
    reason: Annotated[str, Form(max_length=2000)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    try:
        ban = BanRequest(reason=reason, expires_at=_moment(until))
        await actions.ban_user(
            auth, uid, reason=ban.reason, expires_at=ban.expires_at, by=admin.uid, origin=origin
        )
    except ValidationError:
        problem = "Give a reason, one line of 500 characters at most."
        return await user_page(request, auth, admin, uid, problem=problem, status=400)
    except (BadInput, Conflict) as error:
        return await user_page(request, auth, admin, uid, error=error)
    return done_at_user(uid, "banned")


@router.post("/{uid}/unban")
async def unban_user(
    request: Request, uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    try:
        await actions.unban_user(auth, uid, by=admin.uid, origin=origin)
    except Conflict as error:
        return await user_page(request, auth, admin, uid, error=error)
    return done_at_user(uid, "unbanned")


def _moment(value: str) -> datetime | None:
    """Read what the form's field sends, which is UTC there; an unreadable moment is long over."""
    if not value:
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
