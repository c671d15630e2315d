"""Whether the tables that the directory is searched by say what the profiles say."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# The parts of names are counted, one key each: to look for missing ones would read all that there are.
_DIFFERING = text("""
    WITH should_be AS (SELECT * FROM listed_achievements(:ids)),
    listed AS (
        SELECT member_id, kind, slug, name, rank, valid_until
        FROM achievements WHERE member_id = ANY (:ids)
    )
    SELECT member_id FROM (
        (TABLE should_be EXCEPT TABLE listed) UNION ALL (TABLE listed EXCEPT TABLE should_be)
    ) AS differing
    UNION
    SELECT members.id FROM members, name_parts_of(members.display_name) AS wanted
    WHERE members.id = ANY (:ids) AND (
        SELECT count(*) FROM name_parts WHERE name_parts.part = wanted
            AND name_parts.name = lower(members.display_name) AND name_parts.member_id = members.id
    ) = 0
""")
_LIST = text("SELECT list_members(:ids)")


async def differing_listing(db: AsyncSession, member_ids: Sequence[int]) -> Sequence[int]:
    """Return who would not be found by what they did, or by a part of their name."""
    return (await db.scalars(_DIFFERING, {"ids": list(member_ids)})).all()


async def list_anew(db: AsyncSession, member_ids: Sequence[int]) -> None:
    """Make these members findable by what their profiles say."""
    await db.execute(_LIST, {"ids": list(member_ids)})
