"""Profiles. One that is made here waits for its person, whose first sign-in finds it by the Discord id."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Member, RankChange
from backend.community.porting.handlers.careers import (
    beginning,
    direction,
    get_careers,
    get_positions,
    not_on_the_ladder,
)
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.people import find_members
from backend.community.porting.record_rows import MemberRow

_PROFILE = ("display_name", "bio", "avatar_url")


async def write_members(db: AsyncSession, rows: Sequence[MemberRow], run: Import) -> list[Outcome]:
    """Make profiles, and change those that are there to what the rows say; nothing changes nothing."""
    members = await find_members(db, rows, lock=run.locks)
    positions = await get_positions(db)
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    ranked: list[tuple[Member, str]] = []
    for row in rows:
        member = members.get(row.discord_id or "")
        if row.rank is not None and row.rank not in positions and row.rank not in run.off_ladder:
            outcomes.append(not_on_the_ladder(positions))
        elif member is not None:
            outcomes.append(_change(member, row, run, ranked))
        elif row.display_name is None:
            outcomes.append(refused("display_name", "is missing, which a new member needs"))
        else:
            new.append(_values(row, run))
            outcomes.append(CREATED)
    await insert_rows(db, Member, new)
    await _rank(db, ranked, positions, run)
    await db.flush()
    return outcomes


def _values(row: MemberRow, run: Import) -> dict[str, Any]:
    return {
        "discord_id": row.discord_id,
        "display_name": row.display_name,
        "bio": row.bio or None,
        "avatar_url": row.avatar_url,
        "rank": row.rank or "member",
        "created_at": row.created_at or run.started_at,
    }


def _change(
    member: Member, row: MemberRow, run: Import, ranked: list[tuple[Member, str]]
) -> Outcome:
    wanted = {name: getattr(row, name) for name in _PROFILE}
    changed = [
        name
        for name, value in wanted.items()
        if value is not None and (value or None) != getattr(member, name)
    ]
    for name in changed:
        setattr(member, name, wanted[name] or None)
    # Where the file brings careers, they say what rank somebody has.
    if row.rank is not None and row.rank != member.rank and not run.has_careers:
        ranked.append((member, row.rank))
        changed.append("rank")
    return updated(*changed) if changed else UNCHANGED


async def _rank(
    db: AsyncSession, ranked: list[tuple[Member, str]], positions: dict[str, int], run: Import
) -> None:
    """Promote and demote as an officer would: with an entry in each career."""
    careers = await get_careers(db, [member.id for member, _ in ranked])
    begun = [beginning(member, member.rank, run) for member, _ in ranked if not careers[member.id]]
    changes = [
        {
            "member_id": member.id,
            "kind": direction(rank, member.rank, positions),
            "rank": rank,
            "effective_on": run.started_at.date(),
            "reason": f"Imported from {run.name}.",
            "created_at": run.started_at,
        }
        for member, rank in ranked
    ]
    await insert_rows(db, RankChange, [*begun, *changes])
    for member, rank in ranked:
        member.rank = rank
