"""Reports of past dates: who was there, and what was written. A report that is here stays as it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Attendance, Completion, Occurrence, Report
from backend.community.porting.event_rows import AttendanceRow, ReportRow
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Action,
    Import,
    Outcome,
    refused,
)
from backend.community.porting.people import NOT_A_MEMBER, find_members

_NO_DATE = refused("occurrence_id", "is no date that is known here")
_NO_ENTRY = refused("completion_id", "is no entry of this member that is known here")
_OF_MISSIONS = {"role", "outcome", "minutes"}
_OF_CLASSES = {"result", "score"}
_SAID = (
    "status",
    "role",
    "outcome",
    "minutes",
    "points",
    "result",
    "score",
    "note",
    "completion_id",
)
# A report may have been saved again since the file was made.
_DIFFERS = Outcome(Action.UNCHANGED, "", "differs from the report here, which stays")


async def add_attendance(
    db: AsyncSession, rows: Sequence[AttendanceRow], run: Import
) -> list[Outcome]:
    members = await find_members(db, rows, lock=run.locks)
    dates = await db.execute(
        select(Occurrence.id, Occurrence.training_id).where(
            Occurrence.id.in_({row.occurrence_id for row in rows})
        )
    )
    is_class = {row.id: row.training_id is not None for row in dates}
    entries = await db.execute(
        select(Completion.id, Completion.member_id).where(
            Completion.id.in_({row.completion_id for row in rows} - {None})
        )
    )
    owners = {row.id: row.member_id for row in entries}
    ids = {one: member.id for one, member in members.items()}
    known = await _known(db, [(row.occurrence_id, ids.get(row.discord_id or "")) for row in rows])
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        member_id = ids.get(row.discord_id or "")
        if member_id is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
        elif row.occurrence_id not in is_class:
            outcomes.append(_NO_DATE)
        elif (misplaced := _misplaced(row, is_class=is_class[row.occurrence_id])) is not None:
            outcomes.append(misplaced)
        elif row.completion_id is not None and owners.get(row.completion_id) != member_id:
            outcomes.append(_NO_ENTRY)
        elif (line := known.get((row.occurrence_id, member_id))) is not None:
            same = all(getattr(row, name) == getattr(line, name) for name in _SAID)
            outcomes.append(UNCHANGED if same else _DIFFERS)
        else:
            values = row.model_dump(exclude={"discord_id", "uid", "username"})
            new.append(values | {"member_id": member_id})
            outcomes.append(CREATED)
    await insert_rows(db, Attendance, new)
    return outcomes


async def _known(
    db: AsyncSession, places: Sequence[tuple[Any, int | None]]
) -> dict[tuple[Any, int], Attendance]:
    key = tuple_(Attendance.occurrence_id, Attendance.member_id)
    wanted = [place for place in places if place[1] is not None]
    lines = await db.scalars(select(Attendance).where(key.in_(wanted)))
    return {(line.occurrence_id, line.member_id): line for line in lines}


def _misplaced(row: AttendanceRow, *, is_class: bool) -> Outcome | None:
    given = row.model_dump(include=_OF_MISSIONS if is_class else _OF_CLASSES, exclude_none=True)
    what = "class of a training" if is_class else "date of a mission"
    return refused(next(iter(given)), f"does not belong to a {what}") if given else None


async def add_reports(db: AsyncSession, rows: Sequence[ReportRow], run: Import) -> list[Outcome]:
    wanted = {row.occurrence_id for row in rows}
    dates = set(await db.scalars(select(Occurrence.id).where(Occurrence.id.in_(wanted))))
    written = select(Report.occurrence_id).where(Report.occurrence_id.in_(wanted))
    known = set(await db.scalars(written))
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        if row.occurrence_id not in dates:
            outcomes.append(_NO_DATE)
        elif row.occurrence_id in known:
            outcomes.append(UNCHANGED)
        else:
            written_at = row.written_at or run.started_at
            new.append(row.model_dump() | {"revision": row.revision or 1, "written_at": written_at})
            outcomes.append(CREATED)
    await insert_rows(db, Report, new)
    return outcomes
