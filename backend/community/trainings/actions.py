"""The catalogue of trainings."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.catalogue.actions import add_entry, change_entry
from backend.community.models import Training
from backend.community.ranks.queries import get_rank
from backend.community.trainings.errors import TrainingSlugTaken
from backend.community.trainings.queries import get_training
from backend.community.trainings.schemas import NewTraining, TrainingChange


async def create_training(
    db: AsyncSession, new: NewTraining, *, by: Access, origin: Origin
) -> Training:
    """Add a training to the catalogue. Raises TrainingSlugTaken, RankNotFound."""
    if new.minimum_rank is not None:
        await get_rank(db, new.minimum_rank)
    training = await add_entry(db, Training, new, by=by, origin=origin)
    if training is None:
        raise TrainingSlugTaken(new.slug)
    return training


async def change_training(
    db: AsyncSession, slug: str, change: TrainingChange, *, by: Access, origin: Origin
) -> Training:
    """Change, archive or restore a training. Raises TrainingNotFound, RankNotFound."""
    training = await get_training(db, slug, lock=True)
    if change.minimum_rank is not None:
        await get_rank(db, change.minimum_rank)
    return await change_entry(db, training, change, by=by, origin=origin)
