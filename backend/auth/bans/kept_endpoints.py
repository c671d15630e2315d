from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.auth.bans.errors import KeptBanNotFound
from backend.auth.bans.kept import lift_kept_ban, list_kept_bans
from backend.auth.bans.kept_cursors import read_place, write_place
from backend.auth.bans.schemas import KeptBanDetails, KeptBanList
from backend.auth.dependencies import RequestOrigin, RunningAuth
from backend.web.callers import Admin

router = APIRouter(prefix="/auth/kept-bans", tags=["admin"])


@router.get("")
async def list_bans(
    _: Admin,
    auth: RunningAuth,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> KeptBanList:
    """List the bans in force of accounts that were deleted; whoever comes back is told the uid."""
    async with auth.database.transaction() as db:
        page = await list_kept_bans(db, after=read_place(cursor), limit=limit)
    return KeptBanList(
        items=[KeptBanDetails.model_validate(ban) for ban in page.bans],
        next_cursor=write_place(page.last) if page.last else None,
    )


@router.delete("/{uid}", status_code=status.HTTP_204_NO_CONTENT)
async def lift_ban(uid: UUID, admin: Admin, auth: RunningAuth, origin: RequestOrigin) -> None:
    """Let somebody come back whose account was deleted while they were banned."""
    if not await lift_kept_ban(auth, uid, by=admin.uid, origin=origin):
        raise KeptBanNotFound
