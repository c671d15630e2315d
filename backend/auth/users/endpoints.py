from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.auth.users import actions, queries
from backend.auth.users.schemas import PageSize, Search, UserChange, UserDetails, UserList
from backend.bridge.identity import Role
from backend.web.callers import Admin
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
        items=[UserDetails.of(user, uid) for user, uid in page.users],
        next_cursor=write_cursor(*page.last) if page.last else None,
    )


@router.patch("/{uid}")
async def change_user(
    uid: UUID, change: UserChange, admin: Admin, auth: RunningAuth, origin: RequestOrigin
) -> UserDetails:
    """Change a user's role, or deactivate or reactivate them."""
    user = await actions.change_user(
        auth, uid, role=change.role, is_active=change.is_active, by=admin.uid, origin=origin
    )
    return UserDetails.of(user, uid)
