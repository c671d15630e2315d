from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend.community.access.callers import CallerAccess
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.dependencies import (
    Cursors,
    DiscordId,
    RequestOrigin,
    RunningCommunity,
    Transaction,
)
from backend.community.members import actions, directory, queries
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.members.schemas import (
    MemberDetails,
    MemberList,
    MemberListing,
    MemberSummary,
    OwnProfile,
    ProfileChange,
)
from backend.community.members.statistics import whole_stats
from backend.community.mirror.dependencies import MirroredCaller
from backend.web.conditions import IfMatch, entity_tag
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/members", tags=["members"], route_class=StrictRoute)


@router.get("")
async def list_members(
    db: Transaction,
    access: MaySeeMembers,
    cursors: Cursors,
    listing: Annotated[MemberListing, Query()],
) -> MemberList:
    """List members. `search` is part of a name; shorter than three letters, its beginning.

    Tags, plan tiers and feature flags need the permission `access.read`, leavers `members.discharge`.
    """
    if listing.needs is not None and not access.may(listing.needs):
        raise PermissionRequired(listing.needs)
    page = await directory.list_members(
        db, listing, after=cursors.read(listing.name, listing.cursor), limit=listing.limit
    )
    return MemberList(
        items=[MemberSummary.model_validate(member) for member in page.members],
        next_cursor=cursors.write(listing.name, page.last),
    )


@router.get("/me")
async def get_own_profile(
    db: Transaction,
    community: RunningCommunity,
    caller: MirroredCaller,
    access: CallerAccess,
    response: Response,
) -> OwnProfile:
    """The caller's own profile, and what the community says of their account."""
    member = await actions.get_own_member(community.database, db, caller)
    if member is None:
        raise NotLinkedToDiscord
    response.headers.update(entity_tag(queries.version_of(member)))
    return OwnProfile.of(member, await whole_stats(db, member), access)


@router.patch("/me")
async def change_own_profile(
    db: Transaction,
    change: ProfileChange,
    caller: MirroredCaller,
    versions: IfMatch,
    origin: RequestOrigin,
    response: Response,
) -> MemberDetails:
    """Change the caller's own display name and bio, as it was when `If-Match` was read."""
    if caller.discord_id is None:
        raise NotLinkedToDiscord
    member = await actions.change_profile(
        db, caller.discord_id, change, versions=versions, by=caller.uid, origin=origin
    )
    response.headers.update(entity_tag(queries.version_of(member)))
    return MemberDetails.with_stats(member, await whole_stats(db, member))


@router.get("/{discord_id}")
async def get_member(
    db: Transaction, discord_id: DiscordId, access: MaySeeMembers, response: Response
) -> MemberDetails:
    """One member, by Discord id; a leaver only for oneself and those who record departures."""
    or_gone = access.may(Permission.MEMBERS_DISCHARGE) or access.discord_id == discord_id
    member = await queries.get_member_here(db, discord_id, or_gone=or_gone)
    response.headers.update(entity_tag(queries.version_of(member)))
    return MemberDetails.with_stats(member, await whole_stats(db, member))
