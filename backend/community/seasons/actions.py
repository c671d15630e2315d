"""Seasons: opened over a stretch of time, and closed once."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.models import Season
from backend.community.seasons.errors import (
    EndsBeforehand,
    SeasonClosed,
    SeasonExists,
    SeasonNotOver,
)
from backend.community.seasons.queries import get_season
from backend.community.seasons.schemas import NewSeason

_CLOSE = text("SELECT close_season(CAST(:number AS smallint), :closer)")


async def open_season(db: AsyncSession, new: NewSeason, *, by: Access, origin: Origin) -> Season:
    """Begin to count a season; what was completed in it before counts too.

    Raises EndsBeforehand, SeasonExists.
    """
    if new.ends_at <= new.starts_at:
        raise EndsBeforehand
    made = await db.scalar(
        insert(Season)
        .values(**new.model_dump(), created_by=by.uid)
        .on_conflict_do_nothing(index_elements=[Season.slug])
        .returning(Season.number)
    )
    if made is None:
        raise SeasonExists
    record(db, "season.opened", actor=by.uid, origin=origin, season=new.slug)
    return await get_season(db, new.slug)


async def close_season(db: AsyncSession, slug: str, *, by: Access, origin: Origin) -> Season:
    """Keep the standings of a season as they are now, for ever.

    Raises SeasonNotFound, SeasonNotOver, SeasonClosed.
    """
    season = await get_season(db, slug)
    if season.ends_at > datetime.now(UTC):
        raise SeasonNotOver
    if not await db.scalar(_CLOSE, {"number": season.number, "closer": by.uid}):
        raise SeasonClosed
    record(db, "season.closed", actor=by.uid, origin=origin, season=slug)
    return await get_season(db, slug)
