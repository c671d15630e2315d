from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response, status

from backend.auth.dependencies import (
    RequestOrigin,
    RunningAuth,
    request_origin,
    running_auth,
)
from backend.auth.sessions import actions, queries
from backend.auth.sessions.schemas import (
    CurrentSession,
    EndedSessions,
    SessionDetails,
    SessionList,
)
from backend.auth.sessions.signing_out import end_current_session
from backend.bridge.identity import Identity
from backend.web.callers import Caller, require_any_caller
from backend.web.direct_route import DirectRoute

router = APIRouter(prefix="/auth", tags=["sessions"])
direct = APIRouter(prefix="/auth", tags=["sessions"], route_class=DirectRoute)


@direct.get("/session", response_model=CurrentSession)
async def current_session(request: Request) -> Response:
    """Say who is signed in."""
    return describe_session(await require_any_caller(request))


def describe_session(caller: Identity) -> Response:
    """Write a CurrentSession without building the models."""
    body = orjson.dumps(
        {
            "user": {
                "uid": caller.uid,
                "username": caller.username,
                "discord_id": caller.discord_id,
                "avatar": caller.avatar,
                "email": caller.email,
                "role": caller.role,
                "must_change_password": caller.must_change_password,
                "must_verify_email": caller.must_verify_email,
                "deletion_due_at": caller.deletion_due_at,
            },
            "session": {
                "id": caller.session_id,
                "created_at": caller.session_created_at,
                "expires_at": caller.session_expires_at,
                "elevated_until": caller.elevated_until,
                "impersonator": _impersonator(caller),
            },
        },
        # asyncpg has a UUID class of its own, which orjson does not know.
        default=str,
        option=orjson.OPT_UTC_Z,
    )
    return Response(body, media_type="application/json")


def _impersonator(caller: Identity) -> dict[str, object] | None:
    if not caller.is_impersonated:
        return None
    return {"uid": caller.impersonator_uid, "username": caller.impersonator}


@direct.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(request: Request) -> Response:
    """End the session that asks. Saying it twice is no error."""
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    auth, origin = await running_auth(request), await request_origin(request)
    await end_current_session(request, response, auth, origin)
    return response


@router.get("/sessions")
async def list_sessions(caller: Caller, auth: RunningAuth) -> SessionList:
    """List the caller's own devices, the newest first."""
    async with auth.database.transaction() as db:
        sessions = await queries.list_live_sessions(db, caller.user_id)
    return SessionList(items=[SessionDetails.of(session, caller) for session in sessions])


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
async def end_session(
    session_id: UUID, caller: Caller, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """End one of the caller's own sessions."""
    async with auth.database.transaction() as db:
        await actions.end_own_session(db, caller, session_id, origin=origin)


@router.delete("/sessions")
async def end_other_sessions(
    caller: Caller, auth: RunningAuth, origin: RequestOrigin
) -> EndedSessions:
    """End all of the caller's sessions but this one."""
    async with auth.database.transaction() as db:
        ended = await actions.end_other_sessions(db, caller, origin=origin)
    return EndedSessions(ended=ended)
