from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.sessions.queries import list_live_sessions
from backend.auth.sessions.schemas import EndedSessions, SessionDetails, SessionList
from backend.auth.side import Auth
from backend.auth.users import actions, queries
from backend.auth.users.schemas import PageSize, Search, UserChange, UserDetails, UserList
from backend.bridge.identity import Role
from backend.web.callers import Admin, ElevatedAdmin
from backend.web.cursors import read_cursor, write_cursor

router = APIRouter(prefix="/auth/users", tags=["admin"])


@router.get("")
async def list_users(
    _: Admin,
    auth: RunningAuth,
    search: Annotated[Search, Query()] = "",
    role: Role | None = None,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> UserList:
    """List users by name; `search` is the beginning of a name, an e-mail address or a Discord id."""
    after = read_cursor(cursor)
    async with auth.database.transaction() as db:
        page = await queries.list_users(db, search=search, role=role, after=after, limit=limit)
    return UserList(
        items=[UserDetails.of(account) for account in page.accounts],
        next_cursor=write_cursor(*page.last) if page.last else None,
    )


@router.patch("/{uid}")
async def change_user(
    uid: UUID, change: UserChange, admin: ElevatedAdmin, auth: RunningAuth, origin: RequestOrigin
) -> UserDetails:
    """Change a user's role, or deactivate or reactivate them."""
    await actions.change_user(
        auth, uid, role=change.role, is_active=change.is_active, by=admin.uid, origin=origin
    )
    return await _details(auth, uid)


@router.get("/{uid}")
async def get_user(uid: UUID, _: Admin, auth: RunningAuth) -> UserDetails:
    """One user, with the ban that is in force."""
    return await _details(auth, uid)


@router.post("/{uid}/require-password-change", status_code=status.HTTP_204_NO_CONTENT)
async def require_password_change(
    uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """Let a user do nothing more, in any session, until they have changed their password."""
    await actions.require_password_change(auth, uid, by=admin.uid, origin=origin)


@router.get("/{uid}/sessions")
async def list_sessions(uid: UUID, admin: Admin, auth: RunningAuth) -> SessionList:
    """List where a user is signed in, the newest first."""
    async with auth.database.transaction() as db:
        account = await queries.get_account(db, uid)
        sessions = await list_live_sessions(db, account.user.id)
    return SessionList(items=[SessionDetails.of(session, admin) for session in sessions])


@router.delete("/{uid}/sessions")
async def end_sessions(
    uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> EndedSessions:
    """End all sessions of a user."""
    return EndedSessions(
        ended=await actions.end_all_sessions(auth, uid, by=admin.uid, origin=origin)
    )


@router.delete("/{uid}/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
async def end_session(
    uid: UUID, session_id: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """End one session of a user."""
    await actions.end_session(auth, uid, session_id, by=admin.uid, origin=origin)


@router.delete("/{uid}/factors", status_code=status.HTTP_204_NO_CONTENT)
async def remove_factors(
    uid: UUID, admin: ElevatedAdmin, auth: RunningAuth, origin: RequestOrigin
) -> None:
    """Remove all second factors and passkeys of a user who lost them. Be sure who asks."""
    await actions.remove_factors(auth, uid, by=admin.uid, origin=origin)


async def _details(auth: Auth, uid: UUID) -> UserDetails:
    async with auth.database.transaction() as db:
        return UserDetails.of(await queries.get_account(db, uid))
