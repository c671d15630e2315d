from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import MirroredUser, RejectedEvent, SyncCheck
from backend.database import Database, Statement

_IS_MIRRORED = Statement(
    select(MirroredUser.user_id).where(
        MirroredUser.uid == bindparam("uid", type_=Uuid), MirroredUser.deleted_at.is_(None)
    )
)


class MirrorRow(NamedTuple):
    """What the mirror says of a user; the fields of UserState, in its order, with a tombstone."""

    uid: UUID
    user_id: int
    version: int
    username: str | None
    discord_id: str | None
    email: str | None
    role: str
    is_active: bool
    is_deleted: bool


_ROWS = select(
    MirroredUser.uid,
    MirroredUser.user_id,
    MirroredUser.version,
    MirroredUser.username,
    MirroredUser.discord_id,
    MirroredUser.email,
    MirroredUser.role,
    MirroredUser.is_active,
    MirroredUser.deleted_at.is_not(None),
).order_by(MirroredUser.user_id)


async def is_mirrored(database: Database, uid: UUID) -> bool:
    return await database.row(_IS_MIRRORED, uid=uid) is not None


async def list_rows(
    database: Database, *, after: int, upto: int | None, limit: int | None = None
) -> Sequence[MirrorRow]:
    """Return the mirror's rows by id, tombstones included: those above ``after``, up to ``upto``."""
    chosen = _ROWS.where(MirroredUser.user_id > after).limit(limit)
    if upto is not None:
        chosen = chosen.where(MirroredUser.user_id <= upto)
    async with database.transaction() as db:
        return [MirrorRow(*row) for row in await db.execute(chosen)]


async def count_mirrored(db: AsyncSession) -> int:
    """Return how many users the mirror has, those deleted left out."""
    users = select(func.count()).select_from(MirroredUser).where(MirroredUser.deleted_at.is_(None))
    return await db.scalar(users) or 0


async def find_last_check(db: AsyncSession) -> SyncCheck | None:
    """Return the newest comparison with auth."""
    return await db.scalar(select(SyncCheck).order_by(SyncCheck.id.desc()).limit(1))


async def count_rejected(db: AsyncSession) -> int:
    """Return how many events arrived and could not be applied."""
    return await db.scalar(select(func.count()).select_from(RejectedEvent)) or 0


async def list_rejected(
    db: AsyncSession, *, event_ids: Sequence[UUID] | None = None, limit: int | None = None
) -> Sequence[RejectedEvent]:
    """Return the events that could not be applied, the oldest first."""
    rejected = select(RejectedEvent).order_by(RejectedEvent.received_at, RejectedEvent.event_id)
    if event_ids is not None:
        rejected = rejected.where(RejectedEvent.event_id.in_(event_ids))
    return (await db.scalars(rejected.limit(limit))).all()
