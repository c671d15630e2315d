"""The ledger: what is not in it is added, in the order of the file; what is in it is never rewritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Member, Mission, Occurrence, Training
from backend.community.models.completion import WRITTEN
from backend.community.porting.handlers.inserting import document
from backend.community.porting.handlers.known_entries import Entry, Known, find_known
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Action,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.ids import derived_id
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import CompletionRow

_ADD = text("SELECT import_completions(CAST(:rows AS jsonb))")
_REVOKE = text("SELECT import_revocations(CAST(:rows AS jsonb))")
# Where a field of the file and the column that says the same have different names.
_FIELDS = {
    "member_id": "discord_id", "mission_id": "mission", "training_id": "training",
    "instructor_uid": "instructor_id",
}  # fmt: skip
_SAID = [name for name in WRITTEN if name in CompletionRow.model_fields]
_NOTHING = dict.fromkeys(WRITTEN)
_COMPARED = tuple(name for name in WRITTEN if name not in ("id", "kind"))
_REVOKED_HERE = Outcome(Action.UNCHANGED, "", "was revoked here, and stays so")


@dataclass
class _Shelf:
    """What is there already, as far as these rows speak of it."""

    members: Mapping[str, Member]
    missions: Mapping[str, Mission]
    trainings: Mapping[str, Training]
    occurrences: set[UUID]


async def write_completions(
    db: AsyncSession, rows: Sequence[CompletionRow], run: Import
) -> list[Outcome]:
    shelf = await _look_up(db, rows, run)
    problems = [_refusal(row, shelf) for row in rows]
    values = [
        _values(row, shelf, run) if problem is None else {}
        for row, problem in zip(rows, problems, strict=True)
    ]
    known = await find_known(db, [one for one in values if one])
    outcomes = [
        problem or _compare(row, one, known)
        for row, problem, one in zip(rows, problems, values, strict=True)
    ]
    new = [one for one, outcome in zip(values, outcomes, strict=True) if outcome is CREATED]
    if new:
        await db.execute(_ADD, {"rows": document(new)})
    entries = [known.find(one) if one else None for one in values]
    ended = [
        (row, entry["id"])
        for row, entry, outcome in zip(rows, entries, outcomes, strict=True)
        if entry is not None and outcome.action is Action.UPDATE
    ]
    await _revoke(db, ended)
    return outcomes


async def _look_up(db: AsyncSession, rows: Sequence[CompletionRow], run: Import) -> _Shelf:
    members = await find_members(db, rows, lock=run.locks)
    missions = await db.scalars(
        select(Mission).where(Mission.slug.in_({row.mission for row in rows} - {None}))
    )
    trainings = await db.scalars(
        select(Training).where(Training.slug.in_({row.training for row in rows} - {None}))
    )
    dates = {row.occurrence_id for row in rows} - {None}
    return _Shelf(
        members,
        {mission.slug: mission for mission in missions},
        {training.slug: training for training in trainings},
        set(await db.scalars(select(Occurrence.id).where(Occurrence.id.in_(dates)))),
    )


def _refusal(row: CompletionRow, shelf: _Shelf) -> Outcome | None:
    if row.discord_id not in shelf.members:
        return refused("discord_id", NOT_A_MEMBER)
    if row.mission is not None and row.mission not in shelf.missions:
        return refused("mission", "is not in the catalogue; add a row to missions")
    if row.training is not None and row.training not in shelf.trainings:
        return refused("training", "is not in the catalogue; add a row to trainings")
    if row.occurrence_id is not None and row.occurrence_id not in shelf.occurrences:
        return refused("occurrence_id", "is no date that is known here")
    return None


def _values(row: CompletionRow, shelf: _Shelf, run: Import) -> dict[str, Any]:
    """Return the entry that a row stands for; what it leaves out comes from the catalogue."""
    member = shelf.members[row.discord_id or ""]
    values = (
        _NOTHING
        | {name: getattr(row, name) for name in _SAID}
        | {
            "member_id": member.id,
            "kind": "mission" if row.is_mission else "training",
            "instructor_uid": row.instructor_id,
            "points": row.points or 0,
            "evidence": row.evidence or [],
            "via": row.via or "import",
            "awarded_at": row.awarded_at or run.started_at,
            "recorded_at": row.recorded_at,
            "revoked_at": row.revoked_at,
            "revoked_by": row.revoked_by,
            "revoke_reason": row.revoke_reason,
        }
    )
    if row.mission is not None:
        values |= _of_mission(row, shelf.missions[row.mission])
    elif row.training is not None:
        values |= _of_training(row, shelf.trainings[row.training])
    if row.id is None:
        about = (values["kind"], values["slug"], row.occurrence_id, values["repeat_on"])
        values["id"] = derived_id(row.completed_at, row.discord_id, *about)
    return values


def _of_mission(row: CompletionRow, mission: Mission) -> dict[str, Any]:
    values = {
        "mission_id": mission.id,
        "slug": row.slug or mission.slug,
        "title": row.title or mission.title,
        "outcome": row.outcome or "success",
    }
    # A row with an id was an entry somewhere: what it leaves out, that entry left out.
    if row.id is None:
        values["minutes"] = mission.minutes if row.minutes is None else row.minutes
        values["points"] = mission.points if row.points is None else row.points
    return values


def _of_training(row: CompletionRow, training: Training) -> dict[str, Any]:
    result = row.result or "pass"
    values = {
        "training_id": training.id,
        "slug": row.slug or training.slug,
        "title": row.title or training.title,
        "level": row.level or training.level,
        "result": result,
    }
    if row.id is None:
        day = row.completed_at.date()
        counts = training.valid_days is not None and result != "fail"
        if row.expires_on is None and counts:
            values["expires_on"] = day + timedelta(days=training.valid_days or 0)
        if row.points is None:
            values["points"] = 0 if result == "fail" else training.points
        if row.occurrence_id is None:
            values["repeat_on"] = row.repeat_on or day
    return values


def _compare(row: CompletionRow, values: Entry, known: Known) -> Outcome:
    entry = known.find(values)
    is_same = values["id"] in known.by_id
    if entry is None or (row.id is not None and entry["revoked_at"] and not is_same):
        return CREATED
    if not is_same and row.id is not None:
        return refused("id", "is new, but this member has the same already under another id")
    differing = [name for name in _COMPARED if _is_given(row, name) and values[name] != entry[name]]
    if differing:
        return refused(
            differing[0], "differs from the ledger, which is not rewritten; revoke that entry first"
        )
    if row.revoked_at is not None and entry["revoked_at"] is None:
        return updated("revoked_at")
    return _REVOKED_HERE if entry["revoked_at"] and not row.revoked_at else UNCHANGED


def _is_given(row: CompletionRow, name: str) -> bool:
    return getattr(row, _FIELDS.get(name, name), None) is not None


async def _revoke(db: AsyncSession, entries: Sequence[tuple[CompletionRow, UUID]]) -> None:
    if not entries:
        return
    revocations = [
        {
            "id": completion_id,
            "revoked_at": row.revoked_at,
            "revoked_by": row.revoked_by,
            "reason": row.revoke_reason,
        }
        for row, completion_id in entries
    ]
    await db.execute(_REVOKE, {"rows": document(revocations)})
