"""Reporting on a date: the whole roster at once, as often as it takes to get it right."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.completions.actions import (
    check_instructor,
    check_room,
    training_values,
    write_completions,
    write_revocations,
)
from backend.community.completions.queries import lock_members
from backend.community.completions.schemas import Award
from backend.community.models import Attendance, Mission, Occurrence, Report, Training
from backend.community.occurrences.queries import lock_occurrence
from backend.community.reports.differences import FIELDS, Differences, compare, named
from backend.community.reports.errors import (
    LineDoesNotFit,
    MembersNotFound,
    NotYetBegun,
    OccurrenceCancelled,
    ResultMissing,
)
from backend.community.reports.queries import attendance_of
from backend.community.reports.schemas import NewReport

CHANGED = "The report was changed."


@dataclass(frozen=True)
class Saved:
    awarded: int
    revoked: int


async def save_report(
    db: AsyncSession, occurrence_id: UUID, new: NewReport, *, by: Access, origin: Origin
) -> Saved:
    """Write the report and make the record follow it.

    Raises OccurrenceNotFound, OccurrenceCancelled, NotYetBegun, NotAnInstructor, MembersNotFound,
    LineDoesNotFit, ResultMissing, RecordFull.
    """
    occurrence = await lock_occurrence(db, occurrence_id)
    await _check(db, occurrence, new, by)
    standing = await attendance_of(db, occurrence_id)
    members = {one.discord_id: one for one in await lock_members(db, named(new, standing))}
    if unknown := [line.member for line in new.people if line.member not in members]:
        raise MembersNotFound(unknown)
    is_class = occurrence.training_id is not None
    found = compare(new, standing, is_class=is_class, author=by.discord_id)
    ids = {discord_id: member.id for discord_id, member in members.items()}
    check_room([members[one] for one in found.awards], "training" if is_class else "mission")
    revoked = await write_revocations(db, found.revocations, CHANGED, by.uid)
    given = await write_completions(db, await _entries(db, occurrence, found, ids, by))
    await _write_lines(db, occurrence_id, found, ids, given)
    await _write_report(db, occurrence, new, by)
    record(
        db, "report.saved", actor=by.uid, origin=origin, occurrence=str(occurrence_id),
        people=len(new.people), awarded=len(given), revoked=len(revoked),
    )  # fmt: skip
    return Saved(len(given), len(revoked))


async def _check(db: AsyncSession, occurrence: Occurrence, new: NewReport, by: Access) -> None:
    if occurrence.status == "cancelled":
        raise OccurrenceCancelled
    if occurrence.starts_at > datetime.now(UTC):
        raise NotYetBegun
    if occurrence.training_id is None:
        if any(line.result or line.score is not None for line in new.people):
            raise LineDoesNotFit("mission")
        return
    await check_instructor(db, occurrence.training_id, "pass", by)
    if any(line.role or line.outcome or line.minutes is not None for line in new.people):
        raise LineDoesNotFit("training")
    if any(line.status == "attended" and line.result is None for line in new.people):
        raise ResultMissing


async def _entries(
    db: AsyncSession, occurrence: Occurrence, found: Differences, ids: Mapping[str, int],
    by: Access,
) -> list[dict[str, Any]]:  # fmt: skip
    ended = min(occurrence.ends_at or occurrence.starts_at, datetime.now(UTC))
    common = {
        "occurrence_id": occurrence.id, "completed_at": ended, "awarded_by": by.uid, "via": "web",
    }  # fmt: skip
    if occurrence.training_id is not None:
        training = await db.get_one(Training, occurrence.training_id)
        return [
            {"member_id": ids[one], **common, **_passed(training, found.lines[one], ended, by)}
            for one in found.awards
        ]
    mission = await db.get_one(Mission, occurrence.mission_id)
    return [
        {"member_id": ids[one], **common, **_flown(mission, found.lines[one])}
        for one in found.awards
    ]


def _flown(mission: Mission, line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "mission",
        "mission_id": mission.id,
        "slug": mission.slug,
        "title": mission.title,
        "role": line["role"],
        "outcome": line["outcome"],
        "minutes": mission.minutes if line["minutes"] is None else line["minutes"],
        "points": mission.points if line["points"] is None else line["points"],
        "note": line["note"],
    }


def _passed(
    training: Training, line: Mapping[str, Any], ended: datetime, by: Access
) -> dict[str, Any]:
    award = Award(training=training.slug, score=line["score"], points=line["points"])
    # A class is one occasion by itself; only a pass outside of one may be repeated by day.
    return training_values(training, award, ended, by) | {"repeat_on": None, "note": line["note"]}


async def _write_lines(
    db: AsyncSession, occurrence_id: UUID, found: Differences, ids: Mapping[str, int],
    given: Mapping[int, UUID],
) -> None:  # fmt: skip
    gone = [ids[one] for one in found.gone]
    await db.execute(
        delete(Attendance).where(
            Attendance.occurrence_id == occurrence_id, Attendance.member_id.in_(gone)
        )
    )
    rows = [
        {
            "occurrence_id": occurrence_id,
            "member_id": ids[member],
            "completion_id": found.kept.get(member) or given.get(ids[member]),
            **line,
        }
        for member, line in found.lines.items()
    ]
    if not rows:
        return
    # One statement, so that what follows attendance follows it once.
    lines = insert(Attendance).values(rows)
    written = {name: lines.excluded[name] for name in (*FIELDS, "completion_id")}
    key = [Attendance.occurrence_id, Attendance.member_id]
    await db.execute(lines.on_conflict_do_update(index_elements=key, set_=written))


async def _write_report(
    db: AsyncSession, occurrence: Occurrence, new: NewReport, by: Access
) -> None:
    occurrence.status = "completed"
    report = insert(Report).values(occurrence_id=occurrence.id, body=new.body, written_by=by.uid)
    await db.execute(
        report.on_conflict_do_update(
            index_elements=[Report.occurrence_id],
            set_={
                "body": new.body, "written_by": by.uid, "written_at": func.now(),
                "revision": Report.revision + 1,
            },
        )
    )  # fmt: skip
    await db.flush()
