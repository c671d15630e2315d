from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.community.models import FormerDiscordId, Member, MirroredUser
from backend.community.own_data.tables import HELD, Person
from backend.own_rows import list_own_rows


async def list_own_data(db: AsyncSession, uid: UUID, discord_id: str | None) -> dict[str, Any]:
    """Return what this side holds about a person, table by table, without what is secret."""
    discord_ids = await _discord_ids(db, uid, discord_id)
    ids = await db.scalars(select(Member.id).where(Member.discord_id.in_(discord_ids)))
    person = Person(uid, discord_ids, list(ids))
    return await list_own_rows(db, HELD, person)


async def _discord_ids(db: AsyncSession, uid: UUID, discord_id: str | None) -> Sequence[str]:
    """The Discord account that is linked, and earlier ones that are nobody else's by now."""
    holder = aliased(MirroredUser)
    former = select(FormerDiscordId.discord_id).where(
        FormerDiscordId.uid == uid,
        ~exists().where(holder.discord_id == FormerDiscordId.discord_id, holder.uid != uid),
    )
    linked = {discord_id} if discord_id is not None else set()
    return sorted(linked | set(await db.scalars(former)))
