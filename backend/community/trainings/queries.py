from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.community.catalogue.queries import find_entry
from backend.community.models import (
    Completion,
    Member,
    Training,
    TrainingInstructor,
    TrainingPrerequisite,
)
from backend.community.trainings.errors import TrainingArchived, TrainingNotFound


async def get_training(db: AsyncSession, slug: str, *, lock: bool = False) -> Training:
    training = await find_entry(db, Training, slug, lock=lock)
    if training is None:
        raise TrainingNotFound
    return training


async def get_current_training(db: AsyncSession, slug: str) -> Training:
    """Return a training that is still taught; raises TrainingNotFound, TrainingArchived."""
    training = await get_training(db, slug)
    if training.archived_at is not None:
        raise TrainingArchived
    return training


async def is_instructor(db: AsyncSession, training_id: UUID, discord_id: str | None) -> bool:
    """Whether this person is on the training's list of instructors."""
    if discord_id is None:
        return False
    listed = (
        select(TrainingInstructor.member_id)
        .join(Member, Member.id == TrainingInstructor.member_id)
        .where(TrainingInstructor.training_id == training_id, Member.discord_id == discord_id)
    )
    return await db.scalar(listed) is not None


async def list_prerequisites(db: AsyncSession, training_id: UUID) -> Sequence[str]:
    required = (
        select(Training.slug)
        .join(TrainingPrerequisite, TrainingPrerequisite.required_id == Training.id)
        .where(TrainingPrerequisite.training_id == training_id)
        .order_by(Training.slug)
    )
    return (await db.scalars(required)).all()


async def list_instructors(db: AsyncSession, training_id: UUID) -> Sequence[Member]:
    listed = (
        select(Member)
        .join(TrainingInstructor, TrainingInstructor.member_id == Member.id)
        .where(TrainingInstructor.training_id == training_id)
        .order_by(func.lower(Member.display_name), Member.id)
    )
    return (await db.scalars(listed)).all()


async def requires(db: AsyncSession, training_id: UUID, other_id: UUID) -> bool:
    """Whether a training requires another one, by one step or several."""
    steps = (
        select(TrainingPrerequisite.required_id)
        .where(TrainingPrerequisite.training_id == training_id)
        .cte("steps", recursive=True)
    )
    steps = steps.union(
        select(TrainingPrerequisite.required_id).join(
            steps, TrainingPrerequisite.training_id == steps.c.required_id
        )
    )
    return (
        await db.scalar(select(steps.c.required_id).where(steps.c.required_id == other_id))
        is not None
    )


@dataclass(frozen=True)
class ExpiringPage:
    completions: Sequence[Any]
    last: tuple[date, UUID] | None


async def list_expiring(
    db: AsyncSession,
    *,
    since: date,
    until: date,
    after: tuple[date, UUID] | None = None,
    limit: int = 50,
) -> ExpiringPage:
    """Return trainings that end in this time and have not been passed anew, the earliest first."""
    newer = aliased(Completion)
    renewed = (
        select(newer.id)
        .where(newer.member_id == Completion.member_id)
        .where(newer.training_id == Completion.training_id, newer.revoked_at.is_(None))
        .where(newer.result != "fail")
        .where(or_(newer.expires_on.is_(None), newer.expires_on > Completion.expires_on))
        .exists()
    )
    wanted = (
        select(
            Completion.id.label("completion_id"),
            Member.discord_id.label("member"),
            Member.display_name,
            Completion.slug.label("training"),
            Completion.title,
            Completion.expires_on,
        )
        .join(Member, Member.id == Completion.member_id)
        .where(Completion.revoked_at.is_(None), Completion.result != "fail", ~renewed)
        .where(Completion.expires_on >= since, Completion.expires_on < until)
        .order_by(Completion.expires_on, Completion.id)
        .limit(limit + 1)
    )
    if after is not None:
        wanted = wanted.where(tuple_(Completion.expires_on, Completion.id) > after)
    rows = (await db.execute(wanted)).all()
    page = rows[:limit]
    last = (page[-1].expires_on, page[-1].completion_id) if len(rows) > limit else None
    return ExpiringPage(page, last)
