"""What somebody may do: what their role may, and what was granted to them beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.bridge.identity import Identity, Role
from backend.community.models import MirroredUser, RolePermission


@dataclass(frozen=True, slots=True)
class Access:
    """Who is asking, and what they may do at this moment."""

    uid: UUID
    role: Role
    discord_id: str | None
    permissions: frozenset[str]
    granted: Sequence[str] = ()
    plan_tier: str = "free"
    feature_flags: dict[str, bool] = field(default_factory=dict)
    tags: Sequence[str] = ()
    # The API key that asks in this person's place.
    key_id: UUID | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def may(self, permission: str) -> bool:
        return permission in self.permissions


async def get_access(db: AsyncSession, caller: Identity) -> Access:
    """Return what the caller may do, in one statement.

    The role is the one that auth knows at this moment, not the mirror's; whoever is not in the
    mirror yet has what their role may, and nothing else.
    """
    of_role = (
        select(func.array_agg(RolePermission.permission).label("permissions"))
        .where(RolePermission.role == caller.role)
        .subquery()
    )
    own = (
        select(
            of_role.c.permissions,
            MirroredUser.permissions,
            MirroredUser.plan_tier,
            MirroredUser.feature_flags,
            MirroredUser.tags,
        )
        .select_from(of_role)
        .outerjoin(MirroredUser, MirroredUser.user_id == caller.user_id)
    )
    from_role, granted, plan_tier, flags, tags = (await db.execute(own)).one()
    return Access(
        uid=caller.uid,
        role=caller.role,
        discord_id=caller.discord_id,
        permissions=frozenset(from_role or ()) | frozenset(granted or ()),
        granted=tuple(granted or ()),
        plan_tier=plan_tier or "free",
        feature_flags=flags or {},
        tags=tuple(tags or ()),
    )
