from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Member, Mission, Occurrence, OccurrenceSlot, Signup, Training
from backend.community.occurrences.errors import OccurrenceNotFound


@dataclass(frozen=True)
class SlotCount:
    name: str
    capacity: int
    seated: int
    waitlisted: int
    pending: int


@dataclass(frozen=True)
class Found:
    """An occurrence with what its page shows."""

    occurrence: Occurrence
    mission: str | None
    training: str | None
    title: str
    leader: str | None
    slots: Sequence[SlotCount]


@dataclass(frozen=True)
class OccurrencePage:
    occurrences: Sequence[Found]
    last: tuple[datetime, UUID] | None


async def lock_occurrence(db: AsyncSession, occurrence_id: UUID) -> Occurrence:
    """Return an occurrence; nobody else changes it, its seats or its report until we commit."""
    found = await db.scalar(
        select(Occurrence)
        .where(Occurrence.id == occurrence_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise OccurrenceNotFound
    return found


async def is_class(db: AsyncSession, occurrence_id: UUID) -> bool:
    """Whether a date is of a training's class, and not of a mission; raises OccurrenceNotFound."""
    found: bool | None = await db.scalar(
        select(Occurrence.training_id.is_not(None)).where(Occurrence.id == occurrence_id)
    )
    if found is None:
        raise OccurrenceNotFound
    return found


def _occurrences() -> Select[Occurrence, str | None, str | None, str, str | None]:
    return (
        select(
            Occurrence,
            Mission.slug,
            Training.slug,
            func.coalesce(Mission.title, Training.title),
            Member.discord_id,
        )
        .outerjoin(Mission, Mission.id == Occurrence.mission_id)
        .outerjoin(Training, Training.id == Occurrence.training_id)
        .outerjoin(Member, Member.id == Occurrence.leader_id)
    )


async def get_occurrence(db: AsyncSession, occurrence_id: UUID) -> Found:
    row = (await db.execute(_occurrences().where(Occurrence.id == occurrence_id))).first()
    if row is None:
        raise OccurrenceNotFound
    slots = await _slots(db, [occurrence_id])
    return Found(row[0], row[1], row[2], row[3], row[4], slots[occurrence_id])


async def list_occurrences(
    db: AsyncSession,
    *,
    since: datetime,
    mission_id: UUID | None = None,
    training_id: UUID | None = None,
    member_id: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> OccurrencePage:
    """Return occurrences from ``since`` on, the earliest first; with ``member_id`` only theirs."""
    wanted = (
        _occurrences()
        .where(Occurrence.starts_at >= since)
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(limit + 1)
    )
    if mission_id is not None:
        wanted = wanted.where(Occurrence.mission_id == mission_id)
    if training_id is not None:
        wanted = wanted.where(Occurrence.training_id == training_id)
    if member_id is not None:
        wanted = wanted.join(Signup, Signup.occurrence_id == Occurrence.id).where(
            Signup.member_id == member_id, Signup.status != "withdrawn"
        )
    if after is not None:
        wanted = wanted.where(tuple_(Occurrence.starts_at, Occurrence.id) > after)
    rows = (await db.execute(wanted)).all()
    page = rows[:limit]
    slots = await _slots(db, [row[0].id for row in page])
    last = (page[-1][0].starts_at, page[-1][0].id) if len(rows) > limit else None
    return OccurrencePage([Found(*row, slots[row[0].id]) for row in page], last)


async def _slots(db: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[SlotCount]]:
    counted = await db.execute(
        select(
            OccurrenceSlot.occurrence_id,
            OccurrenceSlot.name,
            OccurrenceSlot.capacity,
            func.count().filter(Signup.status == "seated"),
            func.count().filter(Signup.status == "waitlisted"),
            func.count().filter(Signup.status == "pending"),
        )
        .outerjoin(Signup, Signup.slot_id == OccurrenceSlot.id)
        .where(OccurrenceSlot.occurrence_id.in_(ids))
        .group_by(OccurrenceSlot.id)
        .order_by(OccurrenceSlot.position, OccurrenceSlot.name)
    )
    slots: dict[UUID, list[SlotCount]] = defaultdict(list)
    for row in counted:
        slots[row[0]].append(SlotCount(*row[1:]))
    return slots


async def list_slots(db: AsyncSession, occurrence_id: UUID) -> Sequence[OccurrenceSlot]:
    return (
        await db.scalars(
            select(OccurrenceSlot)
            .where(OccurrenceSlot.occurrence_id == occurrence_id)
            .order_by(OccurrenceSlot.position, OccurrenceSlot.name)
        )
    ).all()
