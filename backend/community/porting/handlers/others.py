"""Dates, instructors, counters and departures."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import (
    Counter,
    Departure,
    Member,
    MemberCounter,
    Mission,
    Occurrence,
    Training,
    TrainingInstructor,
)
from backend.community.porting.catalogue_rows import OccurrenceRow
from backend.community.porting.handlers.inserting import document, insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
    updated,
)
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import (
    DepartureRow,
    InstructorRow,
    StatRow,
)

_SET_COUNTERS = text("""
    INSERT INTO member_counters (member_id, counter, value)
    SELECT member_id, counter, value
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (member_id bigint, counter text, value bigint)
    ON CONFLICT (member_id, counter) DO UPDATE SET value = excluded.value
""")


async def add_occurrences(
    db: AsyncSession, rows: Sequence[OccurrenceRow], run: Import
) -> list[Outcome]:
    """Add the dates that completions name, without the seats and the people that they had."""
    known = set(
        await db.scalars(select(Occurrence.id).where(Occurrence.id.in_([row.id for row in rows])))
    )
    missions = {m.slug: m.id for m in await db.execute(select(Mission.slug, Mission.id))}
    trainings = {t.slug: t.id for t in await db.execute(select(Training.slug, Training.id))}
    leaders = await _ids(db, {row.leader for row in rows if row.leader})
    outcomes, new = [], []
    for row in rows:
        if row.id in known:
            outcomes.append(UNCHANGED)
        elif row.mission is not None and row.mission not in missions:
            outcomes.append(refused("mission", "is not in the catalogue; add a row to missions"))
        elif row.training is not None and row.training not in trainings:
            outcomes.append(refused("training", "is not in the catalogue; add a row to trainings"))
        elif row.leader is not None and row.leader not in leaders:
            outcomes.append(refused("leader", NOT_A_MEMBER))
        else:
            new.append(
                row.model_dump(exclude={"mission", "training", "leader"})
                | {
                    "mission_id": missions.get(row.mission or ""),
                    "training_id": trainings.get(row.training or ""),
                    "leader_id": leaders.get(row.leader or ""),
                    "created_at": row.created_at or run.started_at,
                }
            )
            outcomes.append(CREATED)
    await insert_rows(db, Occurrence, new)
    return outcomes


async def _ids(db: AsyncSession, discord_ids: set[str]) -> dict[str, int]:
    found = await db.execute(
        select(Member.discord_id, Member.id).where(Member.discord_id.in_(discord_ids))
    )
    return {row.discord_id: row.id for row in found}


async def add_instructors(
    db: AsyncSession, rows: Sequence[InstructorRow], run: Import
) -> list[Outcome]:
    members = await find_members(db, rows, lock=run.locks)
    trainings = {t.slug: t.id for t in await db.execute(select(Training.slug, Training.id))}
    listed = await db.execute(select(TrainingInstructor.training_id, TrainingInstructor.member_id))
    known = {(row.training_id, row.member_id) for row in listed}
    outcomes, new = [], []
    for row in rows:
        member, training = members.get(row.discord_id or ""), trainings.get(row.training)
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
        elif training is None:
            outcomes.append(refused("training", "is not in the catalogue; add a row to trainings"))
        elif (training, member.id) in known:
            outcomes.append(UNCHANGED)
        else:
            new.append(
                {
                    "training_id": training,
                    "member_id": member.id,
                    "listed_by": row.listed_by,
                    "listed_at": row.listed_at or run.started_at,
                }
            )
            outcomes.append(CREATED)
    await insert_rows(db, TrainingInstructor, new)
    return outcomes


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
            outcomes.append(refused("counter", "is not declared; add a row to counters"))
        elif before == row.value:
            outcomes.append(UNCHANGED)
        else:
            new.append({"member_id": member.id, "counter": row.counter, "value": row.value})
            outcomes.append(CREATED if before is None else updated("value"))
    if new:
        await db.execute(_SET_COUNTERS, {"rows": document(new)})
    return outcomes


async def add_departures(
    db: AsyncSession, rows: Sequence[DepartureRow], run: Import
) -> list[Outcome]:
    members = await find_members(db, rows, lock=run.locks)
    ids = [member.id for member in members.values()]
    gone = set(await db.scalars(select(Departure.member_id).where(Departure.member_id.in_(ids))))
    outcomes, new = [], []
    for row in rows:
        member = members.get(row.discord_id or "")
        if member is None:
            outcomes.append(refused("discord_id", NOT_A_MEMBER))
        elif member.id in gone:
            outcomes.append(UNCHANGED)
        else:
            new.append(
                {
                    "member_id": member.id,
                    "reason": row.reason,
                    "left_at": row.left_at or run.started_at,
                    "recorded_by": row.recorded_by,
                }
            )
            outcomes.append(CREATED)
    await insert_rows(db, Departure, new)
    return outcomes
