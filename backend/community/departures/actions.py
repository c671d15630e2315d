"""Leaving and coming back. A leaver is out of the directory; nothing of their history goes."""

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.departures.errors import HasLeft, HasNotLeft
from backend.community.members.errors import MemberNotFound
from backend.community.members.queries import find_uid, get_member
from backend.community.models import Departure, Member, Return
from backend.community.ranks.actions import check_outranks
from backend.community.ranks.queries import get_positions, lock_member_and_actor


async def record_departure(
    db: AsyncSession, discord_id: str, reason: str, *, by: Access, origin: Origin
) -> Departure:
    """Record that a member has left; officers, only of those below their own rank."""
    member = await _lock(db, discord_id, by)
    departure: Departure | None = await db.scalar(
        insert(Departure)
        .values(member_id=member.id, reason=reason, recorded_by=by.uid)
        .on_conflict_do_nothing()
        .returning(Departure)
    )
    if departure is None:
        raise HasLeft
    uid = await find_uid(db, discord_id)
    record(
        db, "member.left", actor=by.uid, target=uid, origin=origin, discord_id=discord_id,
        reason=reason,
    )  # fmt: skip
    return departure


async def record_return(db: AsyncSession, discord_id: str, *, by: Access, origin: Origin) -> None:
    """Record that a member is back, with everything that they had."""
    member = await _lock(db, discord_id, by)
    gone = delete(Departure).where(Departure.member_id == member.id).returning(Departure.reason)
    if await db.scalar(gone) is None:
        raise HasNotLeft
    back = {"returned_at": func.now(), "recorded_by": by.uid}
    await db.execute(
        insert(Return)
        .values(member_id=member.id, **back)
        .on_conflict_do_update(index_elements=[Return.member_id], set_=back)
    )
    uid = await find_uid(db, discord_id)
    record(db, "member.returned", actor=by.uid, target=uid, origin=origin, discord_id=discord_id)


async def _lock(db: AsyncSession, discord_id: str, by: Access) -> Member:
    found = await get_member(db, discord_id)
    if found.is_erased:
        raise MemberNotFound
    member, actor = await lock_member_and_actor(db, found, by.discord_id)
    check_outranks(by, actor, {member.rank}, await get_positions(db))
    return member
