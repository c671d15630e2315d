"""Whether somebody may enrol for a training: the one place that compares ranks."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Completion, Member, Training, TrainingPrerequisite
from backend.community.models.rank import BELOW
from backend.community.ranks.queries import list_ranks


@dataclass(frozen=True)
class Missing:
    """What a member lacks; empty means that they may enrol."""

    trainings: Sequence[str]
    rank: str | None

    def __bool__(self) -> bool:
        return bool(self.trainings) or self.rank is not None


async def find_missing(db: AsyncSession, training_id: UUID, member: Member) -> Missing:
    """Return the prerequisites that a member does not hold today, and the rank if it is too low."""
    held = (
        select(Completion.id)
        .where(Completion.member_id == member.id)
        .where(Completion.training_id == TrainingPrerequisite.required_id)
        .where(Completion.revoked_at.is_(None), Completion.result != "fail")
        .where(or_(Completion.expires_on.is_(None), Completion.expires_on >= func.current_date()))
        .exists()
    )
    lacking = await db.scalars(
        select(Training.slug)
        .join(TrainingPrerequisite, TrainingPrerequisite.required_id == Training.id)
        .where(TrainingPrerequisite.training_id == training_id, ~held)
        .order_by(Training.slug)
    )
    minimum = await db.scalar(select(Training.minimum_rank).where(Training.id == training_id))
    reached = minimum is None or await reaches(db, member.rank, minimum)
    return Missing(lacking.all(), None if reached else minimum)


async def reaches(db: AsyncSession, rank: str, minimum: str) -> bool:
    """Whether a rank is at least another one, on the ladder as it stands."""
    if rank == minimum:
        return True
    ladder = {one.code: one.position for one in await list_ranks(db)}
    return minimum in ladder and ladder.get(rank, BELOW) >= ladder[minimum]
