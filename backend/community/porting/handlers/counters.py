"""Declared counters: what they are, and by how much they changed when."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Counter, CounterChange, MemberCounter
from backend.community.porting.event_rows import CounterChangeRow
from backend.community.porting.handlers.inserting import document
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import StatRow

_SET_COUNTERS = text("""
    INSERT INTO member_counters (member_id, counter, value)
    SELECT member_id, counter, value
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (member_id bigint, counter text, value bigint)
    ON CONFLICT (member_id, counter) DO UPDATE SET value = excluded.value
""")
_ADD_CHANGES = text("SELECT import_counter_changes(CAST(:rows AS jsonb))")
_NOT_DECLARED = refused("counter", "is not declared; add a row to counters")


async def set_counters(db: AsyncSession, rows: Sequence[StatRow], run: Import) -> list[Outcome]:
    """Set counters to what the rows say; those counted from the ledger are not set by anybody."""
    members = await find_members(db, rows, lock=run.locks)
    declared = set(await db.scalars(select(Counter.key)))
    ids = [member.id for member in members.values()]
    values = await db.execute(
        select(MemberCounter.member_id, MemberCounter.counter, MemberCounter.value).where(
            MemberCounter.member_id.in_(ids)
        )
    )
    known = {(row.member_id, row.counter): row.value for row in values}
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        member = members.get(row.discord_id or "")
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
            continue
        before = known.get((member.id, row.counter))
        if row.counter not in declared:
            outcomes.append(_NOT_DECLARED)
        elif before == row.value:
            outcomes.append(UNCHANGED)
        else:
            new.append({"member_id": member.id, "counter": row.counter, "value": row.value})
            outcomes.append(CREATED if before is None else updated("value"))
    if new:
        await db.execute(_SET_COUNTERS, {"rows": document(new)})
    return outcomes


async def add_changes(
    db: AsyncSession, rows: Sequence[CounterChangeRow], run: Import
) -> list[Outcome]:
    """Add to the log what it does not have; a declared counter then is what its changes add up to."""
    members = await find_members(db, rows, lock=run.locks)
    declared = {*await db.scalars(select(Counter.key)), "events_attended"}
    ids = [row.id for row in rows]
    logged = select(CounterChange.entry_id).where(CounterChange.entry_id.in_(ids))
    known = set(await db.scalars(logged))
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        member = members.get(row.discord_id or "")
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
        elif row.counter not in declared:
            outcomes.append(_NOT_DECLARED)
        elif row.id in known:
            outcomes.append(UNCHANGED)
        else:
            new.append(_values(row) | {"member_id": member.id, "place": len(new)})
            outcomes.append(CREATED)
    if new:
        await db.execute(_ADD_CHANGES, {"rows": document(new)})
    return outcomes


def _values(row: CounterChangeRow) -> dict[str, Any]:
    return {
        "entry_id": row.id,
        "counter": row.counter,
        "change": row.change,
        "counted_at": row.counted_at,
        "recorded_at": row.recorded_at,
    }
