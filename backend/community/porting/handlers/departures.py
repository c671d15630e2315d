"""Leaving and coming back: of what a file says and what was recorded here, the later stays."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Departure, Return
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Action,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import DepartureRow

_IS_BACK = Outcome(
    Action.UNCHANGED,
    "left_at",
    "has come back here since, and stays; a later departure needs its left_at",
)


async def write_departures(
    db: AsyncSession, rows: Sequence[DepartureRow], run: Import
) -> list[Outcome]:
    members = await find_members(db, rows, lock=run.locks)
    ids = [member.id for member in members.values()]
    departures = await db.scalars(select(Departure).where(Departure.member_id.in_(ids)))
    returns = await db.scalars(select(Return).where(Return.member_id.in_(ids)))
    left = {one.member_id: one.left_at for one in departures}
    back = {one.member_id: one.returned_at for one in returns}
    outcomes: list[Outcome] = []
    gone: list[dict[str, Any]] = []
    returned: list[dict[str, Any]] = []
    for row in rows:
        member = members.get(row.discord_id or "")
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
            continue
        known = back.get(member.id)
        values = {"member_id": member.id, "recorded_by": row.recorded_by}
        if row.returned_at is not None:
            if known is not None and known >= row.returned_at:
                outcomes.append(UNCHANGED)
            else:
                returned.append(values | {"returned_at": row.returned_at})
                outcomes.append(CREATED if known is None else updated("returned_at"))
        elif member.id in left:
            outcomes.append(UNCHANGED)
        elif known is not None and (row.left_at is None or row.left_at <= known):
            outcomes.append(_IS_BACK)
        else:
            left_at = row.left_at or run.started_at
            gone.append(values | {"reason": row.reason, "left_at": left_at})
            outcomes.append(CREATED)
    await insert_rows(db, Departure, gone)
    await _return(db, returned)
    return outcomes


async def _return(db: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(Return).values(list(rows))
    latest = {name: statement.excluded[name] for name in ("returned_at", "recorded_by")}
    await db.execute(
        statement.on_conflict_do_update(index_elements=[Return.member_id], set_=latest)
    )
    await db.execute(
        delete(Departure).where(
            Departure.member_id.in_([row["member_id"] for row in rows]),
            Departure.left_at
            <= select(func.max(Return.returned_at))
            .where(Return.member_id == Departure.member_id)
            .scalar_subquery(),
        )
    )
