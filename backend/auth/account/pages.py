from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.passwords.queries import has_password
from backend.auth.sessions import actions, queries
from backend.auth.sessions.schemas import SessionDetails
from backend.auth.sessions.signing_out import end_current_session
from backend.web.callers import Caller
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

_DONE = {
    "password": "Your password was changed, and your other sessions were ended.",
    "first_password": "Your account has a password now; Discord goes on to work.",
    "linked": "Your Discord account is linked; you can sign in with it from now on.",
    "unlinked": "Your Discord account is not linked any more.",
    "ended": "The session was ended.",
    "email_asked": "We have written to the new address. It counts once you have confirmed it there.",
    "kept": "Your account stays. Welcome back.",
    "others": "All your other sessions were ended.",
}


@router.post("/sign-out")
async def sign_out(request: Request, auth: RunningAuth, origin: RequestOrigin) -> Response:
    response = RedirectResponse("/sign-in", status.HTTP_303_SEE_OTHER)
    await end_current_session(request, response, auth, origin)
    return response


@router.get("/account")
async def account(request: Request, caller: Caller, auth: RunningAuth, done: str = "") -> Response:
    async with auth.database.transaction() as db:
        sessions = await queries.list_live_sessions(db, caller.user_id)
        with_password = await has_password(db, caller.user_id)
    return render(
        request,
        "account.html",
        has_password=with_password,
        message=_DONE.get(done),
        sessions=[SessionDetails.of(session, caller) for session in sessions],
    )


@router.post("/account/sessions/{session_id}/end")
async def end_session(
    session_id: UUID, caller: Caller, auth: RunningAuth, origin: RequestOrigin
) -> Response:
    async with auth.database.transaction() as db:
        await actions.end_own_session(db, caller, session_id, origin=origin)
    return RedirectResponse("/account?done=ended", status.HTTP_303_SEE_OTHER)


@router.post("/account/sessions/end-others")
async def end_other_sessions(caller: Caller, auth: RunningAuth, origin: RequestOrigin) -> Response:
    async with auth.database.transaction() as db:
        await actions.end_other_sessions(db, caller, origin=origin)
    return RedirectResponse("/account?done=others", status.HTTP_303_SEE_OTHER)
