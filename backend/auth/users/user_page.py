"""The page of one user, to which everything that admins do with them comes back."""

from uuid import UUID

from fastapi import Request, Response, status
from starlette.responses import RedirectResponse

from backend.auth.sessions.queries import list_live_sessions
from backend.auth.sessions.schemas import SessionDetails
from backend.auth.side import Auth
from backend.auth.users.queries import get_account
from backend.auth.users.schemas import UserDetails
from backend.bridge.identity import Identity
from backend.errors import FaroutError
from backend.web.error_responses import status_of
from backend.web.pages import render

_DONE = {
    "banned": "The user was banned and their sessions were ended.",
    "unbanned": "The ban was lifted.",
    "password": "The user has to change their password before anything else.",
    "factors": "The authenticator app, the recovery codes and the passkeys were removed.",
    "ended": "The session was ended.",
    "all-ended": "All sessions of this user were ended.",
}


async def user_page(
    request: Request,
    auth: Auth,
    admin: Identity,
    uid: UUID,
    *,
    done: str = "",
    error: FaroutError | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    """Show a user; ``error`` or ``problem`` says why what the admin wanted was not done."""
    async with auth.database.transaction() as db:
        account = await get_account(db, uid)
        sessions = await list_live_sessions(db, account.user.id)
    return render(
        request,
        "admin_user.html",
        status=status_of(error) if error else status,
        user=UserDetails.of(account),
        has_password=account.user.hashed_password is not None,
        is_self=uid == admin.uid,
        sessions=[SessionDetails.of(session, admin) for session in sessions],
        message=_DONE.get(done),
        problem=str(error) if error else problem,
    )


def done_at_user(uid: UUID, done: str) -> Response:
    return RedirectResponse(f"/admin/users/{uid}?done={done}", status.HTTP_303_SEE_OTHER)
