"""The same request twice is answered twice and done once: the key is kept with the change itself."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.idempotency.errors import IdempotencyKeyReused
from backend.community.models import IdempotencyKey

_KEPT = text("interval '2 days'")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


async def claim(db: AsyncSession, actor: UUID, key: str, fingerprint: bytes) -> Answer | None:
    """Return what this key was answered before, or None when the caller is the first.

    Whoever comes second waits for the first to commit. Raises IdempotencyKeyReused.
    """
    claimed = await db.scalar(
        insert(IdempotencyKey)
        .values(actor_uid=actor, key=key, fingerprint=fingerprint)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if claimed is not None:
        await _forget_old(db)
        return None
    earlier = (
        await db.execute(
            select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.answer).where(
                IdempotencyKey.actor_uid == actor, IdempotencyKey.key == key
            )
        )
    ).one()
    if earlier.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return Answer(earlier.status, earlier.answer)


async def keep(db: AsyncSession, actor: UUID, key: str, answer: Answer) -> None:
    """Write down what the claimed key was answered."""
    await db.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.actor_uid == actor, IdempotencyKey.key == key)
        .values(status=answer.status, answer=answer.body)
    )


async def _forget_old(db: AsyncSession) -> None:
    """Each new key takes two old ones along, so that no job is needed to keep the table small."""
    old = (
        select(IdempotencyKey.actor_uid, IdempotencyKey.key)
        .where(IdempotencyKey.created_at < func.now() - _KEPT)
        .limit(2)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    await db.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.actor_uid == old.c.actor_uid, IdempotencyKey.key == old.c.key
        )
    )
