from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.bridge.identity import Role
from backend.community.access.callers import AdminAccess, Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.models import MirroredUser
from backend.community.permissions import actions, queries
from backend.community.permissions.schemas import (
    MemberAccess,
    MemberAccessChange,
    PageSize,
    PermissionHolders,
    PermissionList,
    RoleDetails,
    RolePermissions,
)
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["permissions"], route_class=StrictRoute)

MaySeeAccess = Annotated[Access, Needs(Permission.ACCESS_READ)]


@router.get("/permissions")
async def list_permissions(db: Transaction, _: MaySeeAccess) -> PermissionList:
    """Every permission, what it allows, and the roles that have it."""
    return PermissionList(items=await queries.list_permissions(db))


@router.get("/permissions/{name}")
async def list_holders(
    db: Transaction,
    _: MaySeeAccess,
    cursors: Cursors,
    name: Annotated[str, Path(max_length=64)],
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> PermissionHolders:
    """Who has one permission, and why."""
    permission = queries.get_permission(name)
    listed = f"holders {permission}"
    (after,) = cursors.read(listed, cursor) or (0,)
    (details,) = [one for one in await queries.list_permissions(db) if one.name == permission]
    page = await queries.list_holders(db, permission, details.roles, after=int(after), limit=limit)
    return PermissionHolders(
        **details.model_dump(),
        items=list(page.holders),
        next_cursor=cursors.write(listed, page.last),
    )


@router.get("/roles/{role}/permissions")
async def get_role_permissions(db: Transaction, role: Role, _: MaySeeAccess) -> RoleDetails:
    """What everybody with a role may do."""
    names = await queries.list_permissions_of_role(db, role)
    return RoleDetails(role=role, permissions=sorted(names))


@router.put("/roles/{role}/permissions")
async def set_role_permissions(
    db: Transaction, role: Role, wanted: RolePermissions, admin: AdminAccess, origin: RequestOrigin
) -> RoleDetails:
    """Let everybody with a role do exactly this."""
    names = {permission.value for permission in wanted.permissions}
    await actions.set_role_permissions(db, role, names, by=admin, origin=origin)
    return RoleDetails(role=role, permissions=sorted(names))


@router.get("/members/{discord_id}/access", response_model=MemberAccess)
async def get_member_access(
    db: Transaction, discord_id: DiscordId, _: MaySeeAccess
) -> MirroredUser:
    """What is granted to a member beside their role, their tags, plan tier and feature flags."""
    return await queries.get_account(db, discord_id)


@router.patch("/members/{discord_id}/access", response_model=MemberAccess)
async def change_member_access(
    db: Transaction,
    discord_id: DiscordId,
    change: MemberAccessChange,
    admin: AdminAccess,
    origin: RequestOrigin,
) -> MirroredUser:
    """Change what is granted to a member, their tags, plan tier and feature flags."""
    return await actions.change_member_access(db, discord_id, change, by=admin, origin=origin)
