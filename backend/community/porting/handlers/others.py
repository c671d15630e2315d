"""Dates and instructors."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import (
    Member,
    Mission,
    Occurrence,
    Training,
    TrainingInstructor,
)
from backend.community.porting.catalogue_rows import OccurrenceRow
from backend.community.porting.handlers.inserting import insert_rows
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
)
from backend.community.porting.people import NOT_A_MEMBER, find_members
from backend.community.porting.record_rows import (
    InstructorRow,
)


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
