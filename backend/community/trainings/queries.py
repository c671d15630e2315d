from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Member, Training, TrainingInstructor
from backend.community.trainings.errors import TrainingArchived, TrainingNotFound


@dataclass(frozen=True)
class TrainingPage:
    """One page of trainings; ``last`` is where the next page goes on, if there is one."""

    trainings: Sequence[Training]
    last: tuple[str, UUID] | None


async def get_training(db: AsyncSession, slug: str, *, lock: bool = False) -> Training:
    wanted = select(Training).where(Training.slug == slug)
    training = await db.scalar(wanted.with_for_update() if lock else wanted)
    if training is None:
        raise TrainingNotFound
    return training


async def get_current_training(db: AsyncSession, slug: str) -> Training:
    """Return a training that is still taught; raises TrainingNotFound, TrainingArchived."""
    training = await get_training(db, slug)
    if training.archived_at is not None:
        raise TrainingArchived
    return training


async def list_trainings(
    db: AsyncSession,
    *,
    search: str = "",
    archived: bool = False,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> TrainingPage:
    """Return trainings by title, those whose title begins with ``search``."""
    title = func.lower(Training.title)
    trainings = select(Training, title).order_by(title, Training.id).limit(limit + 1)
    if not archived:
        trainings = trainings.where(Training.archived_at.is_(None))
    if wanted := search.strip().lower().replace("\0", ""):
        trainings = trainings.where(and_(title >= wanted, title < wanted + "\U0010ffff"))
    if after is not None:
        trainings = trainings.where(tuple_(title, Training.id) > after)
    rows = (await db.execute(trainings)).all()
    page = rows[:limit]
    last = (page[-1][1], page[-1][0].id) if len(rows) > limit else None
    return TrainingPage([row[0] for row in page], last)


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
