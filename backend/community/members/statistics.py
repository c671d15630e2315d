"""A member's numbers for the page: what the profile holds, and what depends on today besides."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Member

_SEASONS_SHOWN = 12
_SEASONS = text("""
    SELECT seasons.slug, reached.counter, reached.value
    FROM (
        SELECT period AS season, counter, value FROM scores
        WHERE member_id = :member AND value > 0
            AND period IN (SELECT number FROM seasons WHERE closed_at IS NULL)
        UNION ALL
        SELECT season, counter, value FROM season_standings WHERE member_id = :member
    ) AS reached
    JOIN (
        SELECT number, slug, starts_at FROM seasons ORDER BY starts_at DESC LIMIT :shown
    ) AS seasons ON seasons.number = reached.season
    ORDER BY seasons.starts_at DESC, reached.counter
""")
# Who was excused neither came nor stayed away.
_ATTENDANCE = text("""
    SELECT round(
        count(*) FILTER (WHERE attendance.status = 'attended')
            / nullif(count(*) FILTER (WHERE attendance.status <> 'excused'), 0)::numeric, 4
    )::double precision
    FROM attendance JOIN occurrences ON occurrences.id = attendance.occurrence_id
    WHERE attendance.member_id = :member AND occurrences.starts_at > now() - interval '90 days'
""")


async def whole_stats(db: AsyncSession, member: Member) -> dict[str, Any]:
    """Return the profile's stats with `seasons` and `gauges`, as far as there are any."""
    seasons: dict[str, dict[str, int]] = {}
    for slug, counter, value in await db.execute(
        _SEASONS, {"member": member.id, "shown": _SEASONS_SHOWN}
    ):
        seasons.setdefault(slug, {})[counter] = value
    attended = await db.scalar(_ATTENDANCE, {"member": member.id})
    more: dict[str, Any] = {}
    if seasons:
        more["seasons"] = seasons
    if attended is not None:
        more["gauges"] = {"attendance_90d": attended}
    return {"v": 1, "counters": {}, **member.stats, **more} if more else member.stats
