"""Numbers that the community keeps beside those counted from the record."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.completions.errors import OwnRecord
from backend.community.completions.queries import lock_members
from backend.community.counters.errors import (
    CounterExists,
    CounterNotFound,
    CounterOutOfRange,
    TooManyCounters,
)
from backend.community.counters.queries import count_counters, is_declared
from backend.community.counters.schemas import LARGEST, CounterChange, NewCounter
from backend.community.members.errors import MemberNotFound
from backend.community.models import Counter, MemberCounter

MOST = 60
_DECLARE_LOCK = 0xC0DE7


async def declare_counter(
    db: AsyncSession, new: NewCounter, *, by: Access, origin: Origin
) -> Counter:
    """Add a counter; every member has none of it. Raises CounterExists, TooManyCounters."""
    await db.execute(select(func.pg_advisory_xact_lock(_DECLARE_LOCK)))
    if await is_declared(db, new.key):
        raise CounterExists
    if await count_counters(db) >= MOST:
        raise TooManyCounters
    counter = Counter(key=new.key, title=new.title, created_by=by.uid)
    db.add(counter)
    record(db, "counter.declared", actor=by.uid, origin=origin, counter=new.key)
    await db.flush()
    return counter


async def set_counter(
    db: AsyncSession, discord_id: str, key: str, change: CounterChange, *, by: Access,
    origin: Origin,
) -> int:  # fmt: skip
    """Set a member's counter or add to it; returns its value.

    Raises OwnRecord, CounterNotFound, MemberNotFound, CounterOutOfRange.
    """
    if discord_id == by.discord_id:
        raise OwnRecord
    if not await is_declared(db, key):
        raise CounterNotFound
    members = await lock_members(db, [discord_id])
    if not members:
        raise MemberNotFound
    member_id = members[0].id
    before = await db.scalar(
        select(MemberCounter.value).where(
            MemberCounter.member_id == member_id, MemberCounter.counter == key
        )
    )
    value = change.value if change.value is not None else (before or 0) + (change.add or 0)
    if not 0 <= value <= LARGEST:
        raise CounterOutOfRange
    row = insert(MemberCounter).values(member_id=member_id, counter=key, value=value)
    await db.execute(
        row.on_conflict_do_update(
            index_elements=[MemberCounter.member_id, MemberCounter.counter], set_={"value": value}
        )
    )
    record(
        db, "counter.set", actor=by.uid, origin=origin,
        member=discord_id, counter=key, before=before or 0, after=value,
    )  # fmt: skip
    return value
