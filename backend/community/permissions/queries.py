from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.bridge.identity import ROLES, Role
from backend.community.access.permissions import DESCRIPTIONS, Permission
from backend.community.members.queries import get_member
from backend.community.models import MirroredUser, RolePermission
from backend.community.permissions.errors import MemberHasNoAccount, PermissionNotFound
from backend.community.permissions.schemas import Holder, PermissionDetails

# A role has no row of its own that could be locked.
_ROLE_LOCK = 0xFA201


@dataclass(frozen=True)
class HolderPage:
    """Some of those who have a permission; ``last`` is where the next page goes on."""

    holders: Sequence[Holder]
    last: tuple[int] | None


def get_permission(name: str) -> Permission:
    """Return the permission of this name; raises PermissionNotFound."""
    try:
        return Permission(name)
    except ValueError:
        raise PermissionNotFound from None


async def list_permissions(db: AsyncSession) -> list[PermissionDetails]:
    """Return every permission with the roles that have it."""
    rows = (await db.execute(select(RolePermission.permission, RolePermission.role))).all()
    given = {(permission, role) for permission, role in rows}
    return [
        PermissionDetails(
            name=permission,
            description=DESCRIPTIONS[permission],
            roles=[role for role in ROLES if (permission.value, role) in given],
        )
        for permission in Permission
    ]


async def list_permissions_of_role(db: AsyncSession, role: Role, *, lock: bool = False) -> set[str]:
    """Return the names; with ``lock``, whoever else changes this role waits until we commit."""
    if lock:
        await db.execute(select(func.pg_advisory_xact_lock(_ROLE_LOCK, ROLES.index(role))))
    names = select(RolePermission.permission).where(RolePermission.role == role)
    return set((await db.scalars(names)).all())


async def list_holders(
    db: AsyncSession, permission: Permission, roles: Sequence[Role], *, after: int, limit: int
) -> HolderPage:
    """Return who has a permission and why, by the age of the account; nobody who is deactivated."""
    holders = (
        select(MirroredUser)
        .where(
            MirroredUser.is_active,
            MirroredUser.user_id > after,
            or_(
                MirroredUser.role.in_(roles),
                MirroredUser.permissions.contains([permission.value]),
            ),
        )
        .order_by(MirroredUser.user_id)
        .limit(limit + 1)
    )
    users = (await db.scalars(holders)).all()
    page = users[:limit]
    last = (page[-1].user_id,) if len(users) > limit else None
    return HolderPage([_holder(user, permission, roles) for user in page], last)


def _holder(user: MirroredUser, permission: Permission, roles: Sequence[Role]) -> Holder:
    because = [f"role {user.role}"] if user.role in roles else []
    granted = ["granted"] if permission.value in user.permissions else []
    return Holder.model_validate(
        {
            "uid": user.uid,
            "username": user.username,
            "discord_id": user.discord_id,
            "role": user.role,
            "why": because + granted,
        }
    )


async def get_account(db: AsyncSession, discord_id: str, *, lock: bool = False) -> MirroredUser:
    """Return the account of a member; raises MemberNotFound, MemberHasNoAccount."""
    wanted = select(MirroredUser).where(MirroredUser.discord_id == discord_id)
    found = await db.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        await get_member(db, discord_id)
        raise MemberHasNoAccount
    return found
