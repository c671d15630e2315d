"""Dates of missions and classes of trainings. Whoever changes one, or a seat of it, locks it first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.members.queries import get_member
from backend.community.missions.queries import get_current_mission
from backend.community.models import Occurrence, OccurrenceSlot, Signup
from backend.community.occurrences.errors import (
    EndsBeforehand,
    LeaderMustInstruct,
    OccurrenceOver,
)
from backend.community.occurrences.queries import Found, get_occurrence, lock_occurrence
from backend.community.occurrences.schemas import NewOccurrence, OccurrenceChange, Slot
from backend.community.trainings.queries import get_current_training, is_instructor


async def schedule_mission(
    db: AsyncSession, slug: str, new: NewOccurrence, *, by: Access, origin: Origin
) -> Found:
    """Set a date for a mission. Raises MissionNotFound, MissionArchived, MemberNotFound."""
    mission = await get_current_mission(db, slug)
    return await _schedule(db, Occurrence(mission_id=mission.id), slug, new, by, origin)


async def schedule_class(
    db: AsyncSession, slug: str, new: NewOccurrence, *, by: Access, origin: Origin
) -> Found:
    """Set a date for a class. Raises also LeaderMustInstruct."""
    training = await get_current_training(db, slug)
    return await _schedule(db, Occurrence(training_id=training.id), slug, new, by, origin)


async def _schedule(
    db: AsyncSession, occurrence: Occurrence, slug: str, new: NewOccurrence, by: Access,
    origin: Origin,
) -> Found:  # fmt: skip
    for name, value in new.model_dump(exclude={"slots", "leader"}).items():
        setattr(occurrence, name, value)
    occurrence.created_by = by.uid
    await _set_leader(db, occurrence, new.leader)
    _check_times(occurrence)
    db.add(occurrence)
    await db.flush()
    await _write_slots(db, occurrence.id, new.slots)
    record(
        db, "occurrence.scheduled", actor=by.uid, origin=origin,
        occurrence=str(occurrence.id), of=slug,
    )  # fmt: skip
    return await get_occurrence(db, occurrence.id)


async def change_occurrence(
    db: AsyncSession, occurrence_id: UUID, change: OccurrenceChange, *, by: Access, origin: Origin
) -> Found:
    """Change a date; with fewer seats the last ones seated go back to their place in the queue.

    Raises OccurrenceNotFound, OccurrenceOver, EndsBeforehand, MemberNotFound, LeaderMustInstruct.
    """
    occurrence = await lock_occurrence(db, occurrence_id)
    if occurrence.status in ("completed", "cancelled"):
        raise OccurrenceOver
    for name, value in change.model_dump(exclude_unset=True, exclude={"slots", "leader"}).items():
        setattr(occurrence, name, value)
    if "leader" in change.model_fields_set:
        await _set_leader(db, occurrence, change.leader)
    _check_times(occurrence)
    await db.flush()
    if change.slots is not None:
        await _write_slots(db, occurrence_id, change.slots)
    if change.needs_approval is False:
        await _queue_pending(db, occurrence_id)
    if change.slots is not None or change.needs_approval is False:
        await _seat_anew(db, occurrence_id)
    record(
        db, "occurrence.changed", actor=by.uid, origin=origin,
        occurrence=str(occurrence_id), fields=sorted(change.model_fields_set),
    )  # fmt: skip
    return await get_occurrence(db, occurrence_id)


def _check_times(occurrence: Occurrence) -> None:
    if occurrence.ends_at is not None and occurrence.ends_at <= occurrence.starts_at:
        raise EndsBeforehand


async def _set_leader(db: AsyncSession, occurrence: Occurrence, leader: str | None) -> None:
    if leader is None:
        occurrence.leader_id = None
        return
    occurrence.leader_id = (await get_member(db, leader)).id
    training = occurrence.training_id
    if training is not None and not await is_instructor(db, training, leader):
        raise LeaderMustInstruct


async def _write_slots(db: AsyncSession, occurrence_id: UUID, slots: Sequence[Slot]) -> None:
    rows = insert(OccurrenceSlot).values(
        [
            {"occurrence_id": occurrence_id, "position": position, **slot.model_dump()}
            for position, slot in enumerate(slots)
        ]
    )
    await db.execute(
        rows.on_conflict_do_update(
            index_elements=[OccurrenceSlot.occurrence_id, OccurrenceSlot.name],
            set_={"capacity": rows.excluded.capacity, "position": rows.excluded.position},
        )
    )


async def _queue_pending(db: AsyncSession, occurrence_id: UUID) -> None:
    """Let everybody who waited for a decision wait for a seat, where they came into the queue."""
    await db.execute(
        update(Signup)
        .where(Signup.occurrence_id == occurrence_id, Signup.status == "pending")
        .values(status="waitlisted")
        .execution_options(synchronize_session=False)
    )


async def _seat_anew(db: AsyncSession, occurrence_id: UUID) -> None:
    """Take the seats that are no more from those who sit there, then fill what is free in order."""
    await db.execute(
        update(Signup)
        .where(Signup.occurrence_id == occurrence_id, Signup.slot_id == OccurrenceSlot.id)
        .where(Signup.seat > OccurrenceSlot.capacity)
        .values(status="waitlisted", seat=None)
        .execution_options(synchronize_session=False)
    )
    await seat_waiting(db, occurrence_id)


_SEAT_WAITING = text("SELECT seat_waiting(:occurrence)")


async def seat_waiting(db: AsyncSession, occurrence_id: UUID) -> Sequence[int]:
    """Give the free seats of a locked occurrence to those who wait; returns who moved up."""
    return (await db.scalars(_SEAT_WAITING, {"occurrence": occurrence_id})).all()
