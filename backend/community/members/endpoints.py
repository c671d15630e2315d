from typing import Annotated

from fastapi import APIRouter, Query

from backend.community.access.callers import CallerAccess
from backend.community.dependencies import (
    DiscordId,
    RunningCommunity,
    Transaction,
)
from backend.community.members import actions, queries
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.members.schemas import (
    MemberDetails,
    MemberList,
    OwnProfile,
    PageSize,
    ProfileChange,
    Search,
)
from backend.community.models import Member
from backend.web.callers import Caller
from backend.web.cursors import read_cursor, write_cursor

router = APIRouter(prefix="/api/members", tags=["members"])


@router.get("")
async def list_members(
    db: Transaction,
    _: MaySeeMembers,
    search: Annotated[Search, Query()] = "",
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> MemberList:
    """List members by display name; `search` is the beginning of a name."""
    page = await queries.list_members(db, search=search, after=read_cursor(cursor), limit=limit)
    return MemberList(
        items=[MemberDetails.model_validate(member) for member in page.members],
        next_cursor=write_cursor(*page.last) if page.last else None,
    )


@router.get("/me")
async def get_own_profile(
    db: Transaction, community: RunningCommunity, caller: Caller, access: CallerAccess
) -> OwnProfile:
    """The caller's own profile, and what the community says of their account."""
    member = await actions.get_own_member(community.database, db, caller)
    if member is None:
        raise NotLinkedToDiscord
    return OwnProfile.of(member, access)


@router.patch("/me", response_model=MemberDetails)
async def change_own_profile(db: Transaction, change: ProfileChange, caller: Caller) -> Member:
    """Change the caller's own display name and bio."""
    if caller.discord_id is None:
        raise NotLinkedToDiscord
    return await actions.change_profile(db, caller.discord_id, change)


@router.get("/{discord_id}", response_model=MemberDetails)
async def get_member(db: Transaction, discord_id: DiscordId, _: MaySeeMembers) -> Member:
    """One member, by Discord id."""
    return await queries.get_member(db, discord_id)
