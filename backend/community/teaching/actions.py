"""What a training requires, and who may pass people in it."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.members.queries import get_member
from backend.community.models import Training, TrainingInstructor, TrainingPrerequisite
from backend.community.trainings.errors import (
    CannotListYourself,
    InstructorNotFound,
    PrerequisiteCycle,
)
from backend.community.trainings.queries import get_training, requires

# Two officers must not close a circle from both ends.
_PREREQUISITES_LOCK = 0x7EAC4


async def set_prerequisites(
    db: AsyncSession, slug: str, required: Sequence[str], *, by: Access, origin: Origin
) -> Training:
    """Say what a training requires. Raises TrainingNotFound, PrerequisiteCycle."""
    await db.execute(select(func.pg_advisory_xact_lock(_PREREQUISITES_LOCK)))
    training = await get_training(db, slug)
    others = [await get_training(db, one) for one in required]
    for other in others:
        if other.id == training.id or await requires(db, other.id, training.id):
            raise PrerequisiteCycle(other.slug)
    table = TrainingPrerequisite
    await db.execute(delete(table).where(table.training_id == training.id))
    rows = [{"training_id": training.id, "required_id": other.id} for other in others]
    if rows:
        await db.execute(insert(table), rows)
    record(
        db, "training.prerequisites_set", actor=by.uid, origin=origin,
        training=slug, requires=sorted(required),
    )  # fmt: skip
    return training


async def list_instructor(
    db: AsyncSession, slug: str, discord_id: str, *, by: Access, origin: Origin
) -> Training:
    """Put a member on the list of instructors; somebody listed stays so.

    Raises TrainingNotFound, MemberNotFound, CannotListYourself.
    """
    if discord_id == by.discord_id and not by.is_admin:
        raise CannotListYourself
    training = await get_training(db, slug)
    member = await get_member(db, discord_id)
    added = await db.scalar(
        insert(TrainingInstructor)
        .values(training_id=training.id, member_id=member.id, listed_by=by.uid)
        .on_conflict_do_nothing()
        .returning(TrainingInstructor.member_id)
    )
    if added is not None:
        record(
            db, "training.instructor_listed", actor=by.uid, origin=origin,
            training=slug, member=discord_id,
        )  # fmt: skip
    return training


async def unlist_instructor(
    db: AsyncSession, slug: str, discord_id: str, *, by: Access, origin: Origin
) -> Training:
    """Take a member off the list; whom they passed stays passed.

    Raises TrainingNotFound, MemberNotFound, InstructorNotFound.
    """
    training = await get_training(db, slug)
    member = await get_member(db, discord_id)
    table = TrainingInstructor
    taken = await db.scalar(
        delete(table)
        .where(table.training_id == training.id, table.member_id == member.id)
        .returning(table.member_id)
    )
    if taken is None:
        raise InstructorNotFound
    record(
        db, "training.instructor_unlisted", actor=by.uid, origin=origin,
        training=slug, member=discord_id,
    )  # fmt: skip
    return training
