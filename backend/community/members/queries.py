from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.members.errors import MemberNotFound
from backend.community.models import Departure, Member, MirroredUser, Rank


async def find_member(db: AsyncSession, discord_id: str, *, lock: bool = False) -> Member | None:
    """Return a member; with ``lock``, nobody else changes them until we commit."""
    wanted = select(Member).where(Member.discord_id == discord_id)
    return await db.scalar(wanted.with_for_update(key_share=True) if lock else wanted)


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


async def get_member_here(db: AsyncSession, discord_id: str, *, or_gone: bool) -> Member:
    """Return a member who is in the directory, or with ``or_gone`` anybody; raises MemberNotFound."""
    member = await get_member(db, discord_id)
    if not or_gone and not await is_here(db, member):
        raise MemberNotFound
    return member


async def is_here(db: AsyncSession, member: Member) -> bool:
    """Whether a member is in the directory: neither left nor deactivated."""
    return not await db.scalar(select(gone()).where(Member.id == member.id))


def gone() -> ColumnElement[bool]:
    """Return what holds for members who have left or whose account is deactivated."""
    return or_(
        exists().where(Departure.member_id == Member.id),
        exists().where(MirroredUser.discord_id == Member.discord_id, ~MirroredUser.is_active),
    )


async def list_departures(db: AsyncSession, member_ids: Collection[int]) -> dict[int, Departure]:
    """Return when and why these members have left, by the id of the member."""
    if not member_ids:
        return {}
    wanted = select(Departure).where(Departure.member_id.in_(member_ids))
    return {one.member_id: one for one in (await db.scalars(wanted)).all()}


def version_of(member: Member) -> str:
    """Return a word that is another one after every change of the row."""
    return f"{member.id:x}-{int(member.updated_at.timestamp() * 1_000_000):x}"


async def list_rank_names(db: AsyncSession) -> dict[str, str]:
    """Return the name of each rank by its code, highest first."""
    ladder = select(Rank.code, Rank.name).order_by(Rank.position.desc())
    return {row.code: row.name for row in (await db.execute(ladder)).all()}


async def list_names(db: AsyncSession, discord_ids: Collection[str]) -> dict[str, str]:
    """Return the display names of members by their Discord ids."""
    if not discord_ids:
        return {}
    wanted = select(Member.discord_id, Member.display_name)
    rows = await db.execute(wanted.where(Member.discord_id.in_(discord_ids)))
    return {row.discord_id: row.display_name for row in rows}


async def list_names_by_uid(db: AsyncSession, uids: Collection[UUID]) -> dict[UUID, str]:
    """Return what people are called by their uids: their display name, else their user name."""
    if not uids:
        return {}
    wanted = (
        select(
            MirroredUser.uid,
            func.coalesce(Member.display_name, MirroredUser.username).label("name"),
        )
        .outerjoin(Member, Member.discord_id == MirroredUser.discord_id)
        .where(MirroredUser.uid.in_(uids))
    )
    return {row.uid: row.name for row in await db.execute(wanted)}
