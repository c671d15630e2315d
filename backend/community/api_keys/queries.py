from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.api_keys.errors import ApiKeyNotFound
from backend.community.models import ApiKey, ApiKeyDay


@dataclass(frozen=True)
class KeyPage:
    """Some keys; ``last`` is where the next page goes on."""

    keys: Sequence[ApiKey]
    last: tuple[str] | None


async def get_key(db: AsyncSession, key_id: UUID, *, lock: bool = False) -> ApiKey:
    key = await db.get(ApiKey, key_id, with_for_update=lock or None)
    if key is None:
        raise ApiKeyNotFound
    return key


async def list_keys(db: AsyncSession, *, after: str | None, limit: int) -> KeyPage:
    """Return every key, newest first, revoked and expired ones included."""
    keys = select(ApiKey).order_by(ApiKey.id.desc()).limit(limit + 1)
    if after is not None:
        keys = keys.where(ApiKey.id < UUID(after))
    rows = (await db.scalars(keys)).all()
    page = rows[:limit]
    return KeyPage(page, (str(page[-1].id),) if len(rows) > limit else None)


async def list_days(db: AsyncSession, key_id: UUID, *, limit: int = 31) -> Sequence[ApiKeyDay]:
    """Return the last days on which a key was used, the newest first."""
    wanted = (
        select(ApiKeyDay)
        .where(ApiKeyDay.key_id == key_id)
        .order_by(ApiKeyDay.day.desc())
        .limit(limit)
    )
    return (await db.scalars(wanted)).all()
