from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.users import actions, queries
from backend.auth.users.schemas import UserDetails
from backend.auth.users.user_page import done_at_user, user_page
from backend.bridge.identity import ROLES, Identity, Role
from backend.errors import Conflict
from backend.web.callers import Admin, ElevatedAdmin
from backend.web.cursors import read_cursor, write_cursor
from backend.web.next_path import safe_next_path
from backend.web.pages import render

router = APIRouter(prefix="/admin/users", include_in_schema=False)

_PAGE_SIZE = 50
_DONE = {
    "role": "The role was changed.",
    "deactivated": "The account was deactivated and its sessions were ended.",
    "reactivated": "The account was reactivated.",
}


@router.get("")
async def users_page(
    request: Request,
    admin: Admin,
    auth: RunningAuth,
    search: str = "",
    role: str = "",
    cursor: str | None = None,
    done: str = "",
) -> Response:
    return await _list(
        request, admin, auth, search=search[:320], role=role, cursor=cursor, done=done
    )


@router.post("/{uid}/role")
async def change_role(
    request: Request,
    uid: UUID,
    admin: ElevatedAdmin,
    auth: RunningAuth,
    origin: RequestOrigin,
    role: Annotated[Role, Form()],
    back: Annotated[str, Form()] = "/admin/users",
) -> Response:
    try:
        await actions.change_user(auth, uid, role=role, by=admin.uid, origin=origin)
    except Conflict as error:
        return await _list(request, admin, auth, problem=error)
    return _back(back, "role")


@router.post("/{uid}/active")
async def change_active(
    request: Request,
    uid: UUID,
    admin: ElevatedAdmin,
    auth: RunningAuth,
    origin: RequestOrigin,
    is_active: Annotated[bool, Form()],
    back: Annotated[str, Form()] = "/admin/users",
) -> Response:
    try:
        await actions.change_user(auth, uid, is_active=is_active, by=admin.uid, origin=origin)
    except Conflict as error:
        return await _list(request, admin, auth, problem=error)
    return _back(back, "reactivated" if is_active else "deactivated")


@router.get("/{uid}")
async def one_user(
    request: Request, uid: UUID, admin: Admin, auth: RunningAuth, done: str = ""
) -> Response:
    return await user_page(request, auth, admin, uid, done=done)


@router.post("/{uid}/require-password-change")
async def require_password_change(
    request: Request, uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    try:
        await actions.require_password_change(auth, uid, by=admin.uid, origin=origin)
    except Conflict as error:
        return await user_page(request, auth, admin, uid, error=error)
    return done_at_user(uid, "password")


@router.post("/{uid}/factors/remove")
async def remove_factors(
    uid: UUID, admin: ElevatedAdmin, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    await actions.remove_factors(auth, uid, by=admin.uid, origin=origin)
    return done_at_user(uid, "factors")


@router.post("/{uid}/sessions/{session_id}/end")
async def end_session(
    uid: UUID, session_id: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    await actions.end_session(auth, uid, session_id, by=admin.uid, origin=origin)
    return done_at_user(uid, "ended")


@router.post("/{uid}/sessions/end")
async def end_sessions(
    uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    await actions.end_all_sessions(auth, uid, by=admin.uid, origin=origin)
    return done_at_user(uid, "all-ended")


async def _list(
    request: Request,
    admin: Identity,
    auth: RunningAuth,
    *,
    search: str = "",
    role: str = "",
    cursor: str | None = None,
    done: str = "",
    problem: Conflict | None = None,
) -> Response:
    chosen = next((one for one in ROLES if one == role), None)
    async with auth.database.transaction() as db:
        page = await queries.list_users(
            db, search=search, role=chosen, after=read_cursor(cursor), limit=_PAGE_SIZE
        )
    here = {"search": search, "role": chosen or "", "cursor": cursor or ""}
    return render(
        request,
        "admin_users.html",
        status=status.HTTP_409_CONFLICT if problem else status.HTTP_200_OK,
        users=[
            UserDetails.of(account).model_dump() | {"is_self": account.security.uid == admin.uid}
            for account in page.accounts
        ],
        search=search,
        role=chosen or "",
        next_url=_url(here | {"cursor": write_cursor(*page.last)}) if page.last else None,
        back=_url(here),
        message=_DONE.get(done),
        problem=str(problem) if problem else None,
    )


def _url(query: dict[str, str]) -> str:
    kept = {name: value for name, value in query.items() if value}
    return f"/admin/users?{urlencode(kept)}" if kept else "/admin/users"


def _back(wanted: str, done: str) -> Response:
    path = safe_next_path(wanted)
    if not path.startswith("/admin/users"):
        path = "/admin/users"
    joined = f"{path}{'&' if '?' in path else '?'}done={done}"
    return RedirectResponse(joined, status.HTTP_303_SEE_OTHER)
