"""The history of ranks: entries are added, and everybody has the rank that the history says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Member, Rank, RankChange
from backend.community.models.rank import BELOW
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import RankChangeRow

_SAME = {"kind", "rank", "effective_on", "reason", "changed_by", "created_at"}
_REPLAY = text("""
    UPDATE members SET rank = replayed.rank FROM (
        SELECT DISTINCT ON (member_id) member_id, rank FROM rank_changes
        WHERE undone_at IS NULL AND member_id = ANY (:ids)
        ORDER BY member_id, kind = 'initial', effective_on DESC, id DESC
    ) AS replayed
    WHERE members.id = replayed.member_id AND members.rank <> replayed.rank
""")
Careers = dict[int, list[RankChange]]
New = list[tuple[Member, RankChangeRow]]


async def get_positions(db: AsyncSession) -> dict[str, int]:
    """Return the ladder, lowest first."""
    ladder = await db.execute(select(Rank.code, Rank.position).order_by(Rank.position))
    return {row.code: row.position for row in ladder}


def not_on_the_ladder(positions: Mapping[str, int]) -> Outcome:
    return refused("rank", f"is not on the ladder, which has {', '.join(positions)}")


async def write_careers(
    db: AsyncSession, rows: Sequence[RankChangeRow], run: Import
) -> list[Outcome]:
    """Add what is not in the history yet, undo what the file says was undone, and replay."""
    members = await find_members(db, rows, lock=run.locks)
    positions = await get_positions(db)
    careers = await get_careers(db, [member.id for member in members.values()])
    unmatched = {member_id: list(career) for member_id, career in careers.items()}
    outcomes: list[Outcome] = []
    new: New = []
    for row in rows:
        member = members.get(row.discord_id or "")
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
        elif (known := _take(unmatched.get(member.id, []), row)) is not None:
            outcomes.append(_undo(known, row))
        elif (problem := _refusal(row, careers[member.id], positions, run)) is not None:
            outcomes.append(problem)
        else:
            new.append((member, row))
            outcomes.append(CREATED)
    await db.flush()
    await insert_rows(db, RankChange, _beginnings(new, careers, positions, run))
    await insert_rows(db, RankChange, _values(new, careers, positions, run))
    await db.execute(_REPLAY, {"ids": [member.id for member in members.values()]})
    return outcomes


async def get_careers(db: AsyncSession, member_ids: Sequence[int]) -> Careers:
    careers: Careers = defaultdict(list)
    changes = select(RankChange).where(RankChange.member_id.in_(member_ids)).order_by(RankChange.id)
    for change in await db.scalars(changes):
        careers[change.member_id].append(change)
    return careers


def beginning(member: Member, rank: str, run: Import) -> dict[str, Any]:
    """Return what a member was before the first change, so that undoing it leads back there."""
    return {
        "member_id": member.id,
        "kind": "initial",
        "rank": rank,
        "effective_on": member.created_at.date(),
        "reason": "The rank before the first change.",
        "created_at": run.started_at,
    }


def direction(rank: str, held: str, positions: Mapping[str, int]) -> str:
    is_higher = positions.get(rank, BELOW) >= positions.get(held, BELOW)
    return "promotion" if is_higher else "demotion"


def _take(career: list[RankChange], row: RankChangeRow) -> RankChange | None:
    """Take the entry that a row speaks of out of a career: no two rows speak of the same one."""
    wanted = row.model_dump(include=_SAME, exclude_none=True)
    for known in career:
        if all(getattr(known, name) == value for name, value in wanted.items()):
            career.remove(known)
            return known
    return None


def _undo(known: RankChange, row: RankChangeRow) -> Outcome:
    if row.undone_at is None or known.undone_at is not None or known.kind == "initial":
        return UNCHANGED
    known.undone_at, known.undone_by = row.undone_at, row.undone_by
    known.undo_reason = row.undo_reason
    return updated("undone_at")


def _refusal(
    row: RankChangeRow, career: Sequence[RankChange], positions: Mapping[str, int], run: Import
) -> Outcome | None:
    if row.kind == "initial" and any(known.kind == "initial" for known in career):
        return refused("kind", "cannot be initial: this career has another beginning")
    if row.kind != "initial" and row.rank not in positions and row.rank not in run.off_ladder:
        return not_on_the_ladder(positions)
    if row.effective_on > run.started_at.date():
        return refused("effective_on", "lies in the future")
    return None


def _beginnings(
    new: New, careers: Careers, positions: Mapping[str, int], run: Import
) -> list[dict[str, Any]]:
    """Begin careers that have none: with the present rank, unless the rows say how it was reached."""
    reached: dict[int, set[str]] = defaultdict(set)
    for member, row in new:
        reached[member.id] |= {row.rank, row.kind or ""}
    lowest = next(iter(positions), "member")
    return [
        beginning(member, lowest if member.rank in reached[member.id] else member.rank, run)
        for member in {member.id: member for member, _ in new}.values()
        if not careers[member.id] and "initial" not in reached[member.id]
    ]


def _values(
    new: New, careers: Careers, positions: Mapping[str, int], run: Import
) -> list[dict[str, Any]]:
    held: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for member, row in new:
        held[member.id].append((row.effective_on, row.rank))
    for member_id, career in careers.items():
        held[member_id] += [(known.effective_on, known.rank) for known in career]
    return [
        row.model_dump(exclude={"discord_id", "uid", "username"})
        | {
            "member_id": member.id,
            "kind": row.kind or direction(row.rank, _held(held[member.id], row), positions),
            "reason": row.reason or f"Imported from {run.name}.",
            "created_at": row.created_at or run.started_at,
        }
        for member, row in new
    ]


def _held(ranks: Sequence[tuple[date, str]], row: RankChangeRow) -> str:
    """Return the rank before a change, as far as the career and the file know."""
    earlier = [one for one in ranks if one[0] < row.effective_on]
    return max(earlier)[1] if earlier else ""
