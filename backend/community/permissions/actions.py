"""Who may do what: changed by admins, by nobody for himself."""

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.bridge.identity import Role
from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.models import MirroredUser, RolePermission
from backend.community.permissions.errors import CannotGrantToYourself
from backend.community.permissions.queries import get_account, list_permissions_of_role
from backend.community.permissions.schemas import MemberAccessChange


async def set_role_permissions(
    db: AsyncSession, role: Role, permissions: set[str], *, by: Access, origin: Origin
) -> None:
    """Let everybody with a role do exactly this."""
    before = await list_permissions_of_role(db, role, lock=True)
    if before == permissions:
        return
    gone = before - permissions
    await db.execute(
        delete(RolePermission).where(
            RolePermission.role == role, RolePermission.permission.in_(gone)
        )
    )
    new = [{"role": role, "permission": one} for one in sorted(permissions - before)]
    if new:
        await db.execute(insert(RolePermission), new)
    record(
        db, "role.permissions_changed", actor=by.uid, target=None, origin=origin, role=role,
        added=sorted(permissions - before), removed=sorted(gone),
    )  # fmt: skip


async def change_member_access(
    db: AsyncSession, discord_id: str, change: MemberAccessChange, *, by: Access, origin: Origin
) -> MirroredUser:
    """Change what is granted to one member beside their role, and how they are tagged."""
    user = await get_account(db, discord_id, lock=True)
    if change.permissions is not None and user.uid == by.uid:
        raise CannotGrantToYourself
    wanted = change.model_dump(exclude_unset=True, mode="json")
    before = {name: getattr(user, name) for name in wanted}
    if before == wanted:
        return user
    for name, value in wanted.items():
        setattr(user, name, value)
    await db.flush()
    record(
        db, "member.access_changed", actor=by.uid, target=user.uid, origin=origin,
        discord_id=discord_id, before=before, after=wanted,
    )  # fmt: skip
    return user
