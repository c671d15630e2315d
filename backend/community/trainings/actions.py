"""The catalogue of trainings. A training is archived and never deleted; the record names it for ever."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
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
    training: Training | None = await db.scalar(
        insert(Training)
        .values(**new.model_dump(), created_by=by.uid)
        .on_conflict_do_nothing(index_elements=[Training.slug])
        .returning(Training)
    )
    if training is None:
        raise TrainingSlugTaken(new.slug)
    record(db, "training.created", actor=by.uid, origin=origin, training=new.slug)
    return training


async def change_training(
    db: AsyncSession, slug: str, change: TrainingChange, *, by: Access, origin: Origin
) -> Training:
    """Change, archive or restore a training; what was awarded stays as it was awarded."""
    training = await get_training(db, slug, lock=True)
    changed = change.model_dump(exclude_unset=True)
    if changed.get("minimum_rank") is not None:
        await get_rank(db, changed["minimum_rank"])
    archive = changed.pop("archived", None)
    for name, value in changed.items():
        setattr(training, name, value)
    if archive is not None and archive != (training.archived_at is not None):
        training.archived_at = func.now() if archive else None
    record(
        db, "training.changed", actor=by.uid, origin=origin, training=slug,
        fields=sorted(change.model_fields_set),
    )  # fmt: skip
    await db.flush()
    await db.refresh(training)
    return training
