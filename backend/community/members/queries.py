from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.members.errors import MemberNotFound
from backend.community.models import Member, MirroredUser


@dataclass(frozen=True)
class MemberPage:
    """One page of members; ``last`` is where the next page goes on, if there is one."""

    members: Sequence[Member]
    last: tuple[str, int] | None


async def find_member(db: AsyncSession, discord_id: str, *, lock: bool = False) -> Member | None:
    """Return a member; with ``lock``, nobody else changes them until we commit."""
    wanted = select(Member).where(Member.discord_id == discord_id)
    return await db.scalar(wanted.with_for_update() if lock else wanted)


async def get_member(db: AsyncSession, discord_id: str, *, lock: bool = False) -> Member:
    member = await find_member(db, discord_id, lock=lock)
    if member is None:
        raise MemberNotFound
    return member


async def find_uid(db: AsyncSession, discord_id: str) -> UUID | None:
    """Return the uid of a member's account, None while the mirror knows of none."""
    uid: UUID | None = await db.scalar(
        select(MirroredUser.uid)
        .where(MirroredUser.discord_id == discord_id)
        .order_by(MirroredUser.user_id.desc())
        .limit(1)
    )
    return uid


async def list_members(
    db: AsyncSession, *, search: str = "", after: tuple[str, int] | None = None, limit: int = 50
) -> MemberPage:
    """Return members by display name, those whose name begins with ``search``."""
    name = func.lower(Member.display_name)
    members = select(Member, name).order_by(name, Member.id).limit(limit + 1)
    if wanted := search.strip().lower().replace("\0", ""):
        members = members.where(and_(name >= wanted, name < wanted + "\U0010ffff"))
    if after is not None:
        members = members.where(tuple_(name, Member.id) > after)
    rows = (await db.execute(members)).all()
    page = rows[:limit]
    last = (page[-1][1], page[-1][0].id) if len(rows) > limit else None
    return MemberPage([row[0] for row in page], last)
