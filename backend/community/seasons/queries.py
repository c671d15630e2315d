from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Season
from backend.community.seasons.errors import SeasonNotFound


async def get_season(db: AsyncSession, slug: str) -> Season:
    season = await db.scalar(
        select(Season).where(Season.slug == slug).execution_options(populate_existing=True)
    )
    if season is None:
        raise SeasonNotFound
    return season


async def list_seasons(db: AsyncSession) -> Sequence[Season]:
    """Return all seasons, the newest first; a community has a handful a year."""
    return (await db.scalars(select(Season).order_by(Season.starts_at.desc()).limit(200))).all()


_DIFFERING = text("""
    WITH ledger AS (
        SELECT counter, member_id, place, value FROM season_ledger(CAST(:season AS smallint), :moment)
    ),
    kept AS (
        SELECT counter, member_id, place, value FROM season_standings WHERE season = :season
    )
    SELECT count(*) FROM (
        (TABLE ledger EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE ledger)
    ) AS differing
""")


async def count_differences(db: AsyncSession, season: Season) -> int:
    """Return how many standings of a closed season the ledger does not say of that moment."""
    values = {"season": season.number, "moment": season.closed_at}
    return await db.scalar(_DIFFERING, values) or 0
