from uuid import UUID

from fastapi import APIRouter, Request, Response

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.identify import Identify
from backend.auth.impersonation import actions
from backend.auth.impersonation.errors import NothingToSee
from backend.auth.impersonation.schemas import ImpersonationRequest
from backend.auth.sessions.endpoints import describe_session
from backend.auth.sessions.schemas import CurrentSession
from backend.bridge.identity import Credentials
from backend.web.callers import ElevatedAdmin
from backend.web.state import web_of

router = APIRouter(prefix="/auth/users", tags=["admin"])


@router.post("/{uid}/impersonate", response_model=CurrentSession)
async def impersonate(
    request: Request,
    uid: UUID,
    wanted: ImpersonationRequest,
    admin: ElevatedAdmin,
    auth: RunningAuth,
    origin: RequestOrigin,
) -> Response:
    """Look through a user's eyes for 15 minutes; the admin's own session ends and does not come back.

    Nothing can be changed in such a session. `POST /auth/logout` ends it before its time.
    """
    session = await actions.impersonate(auth, admin, uid, reason=wanted.reason, origin=origin)
    identity = await Identify(auth)(Credentials(cookie=session.token))
    if identity is None:
        raise NothingToSee
    response = describe_session(identity)
    web_of(request).cookies.set_session(
        response, session.token, max_age=int(actions.LIFETIME.total_seconds())
    )
    return response
