"""What an export says, section by section: one JSON document a row, made by PostgreSQL itself."""

from collections.abc import AsyncIterator

from sqlalchemy import Select, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

_AT_ONCE = 1000
# Everything is read as it was at one moment, however long that takes. Sorting may take longer than a
# page may, and whoever downloads may be slow.
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_PATIENCE = text("SET LOCAL statement_timeout = '10min'")
_SLOW_READERS = text("SET LOCAL idle_in_transaction_session_timeout = '2min'")

# What was revoked comes before what is live: it makes room for it.
_SOURCES = {
    "ranks": """
        SELECT code, name, position, description, archived_at, created_at FROM (
            SELECT code, name, position, description, archived_at, created_at FROM ranks
            UNION ALL
            SELECT code, NULL, NULL, NULL, NULL, NULL
            FROM (SELECT rank FROM members UNION SELECT rank FROM rank_changes) AS held (code)
            WHERE NOT EXISTS (SELECT FROM ranks WHERE ranks.code = held.code)
        ) AS steps ORDER BY position, code
    """,
    "missions": """
        SELECT slug, title, id, briefing, points, minutes, archived_at, created_at, created_by
        FROM missions ORDER BY slug
    """,
    "trainings": """
        SELECT slug, title, id, description, level, points, valid_days, minimum_rank, archived_at,
            created_at, created_by
        FROM trainings ORDER BY slug
    """,
    "prerequisites": """
        SELECT one.slug AS training, other.slug AS requires FROM training_prerequisites
        JOIN trainings one ON one.id = training_id JOIN trainings other ON other.id = required_id
        ORDER BY one.slug, other.slug
    """,
    "counters": "SELECT key, title, created_at, created_by FROM counters ORDER BY key",
    "awards": """
        SELECT name, id, description, rule, archived_at, created_at FROM awards ORDER BY id
    """,
    "members": """
        SELECT discord_id, display_name, bio, avatar_url, rank, created_at FROM members ORDER BY id
    """,
    "occurrences": """
        SELECT o.id, missions.slug AS mission, trainings.slug AS training, status, starts_at, ends_at,
            signups_close_at, place, details, members.discord_id AS leader,
            nullif(needs_approval, false) AS needs_approval, o.created_at, o.created_by
        FROM occurrences o LEFT JOIN missions ON missions.id = mission_id
        LEFT JOIN trainings ON trainings.id = training_id
        LEFT JOIN members ON members.id = leader_id
        ORDER BY starts_at, o.id
    """,
    "instructors": """
        SELECT discord_id, slug AS training, listed_at, listed_by
        FROM training_instructors JOIN members ON members.id = member_id
        JOIN trainings ON trainings.id = training_id ORDER BY slug, member_id
    """,
    "rank_changes": """
        SELECT discord_id, c.kind, c.rank, effective_on, reason, changed_by, c.created_at, undone_at,
            undone_by, undo_reason
        FROM rank_changes c JOIN members ON members.id = member_id ORDER BY member_id, c.id
    """,
    "completions": """
        SELECT discord_id, c.id, kind, missions.slug AS mission, trainings.slug AS training, c.slug,
            c.title, occurrence_id, completed_at, role, outcome, c.minutes, c.level, result, score,
            instructor_uid AS instructor_id, expires_on, repeat_on, c.points, awarded_by, awarded_at,
            via, c.recorded_at, note, evidence, c.revoked_at, revoked_by, reason AS revoke_reason
        FROM completions c JOIN members ON members.id = member_id
        LEFT JOIN missions ON missions.id = mission_id
        LEFT JOIN trainings ON trainings.id = training_id
        LEFT JOIN completion_revocations ON completion_id = c.id
        ORDER BY member_id, c.revoked_at IS NULL, c.id
    """,
    "counter_changes": """
        SELECT discord_id, entry_id AS id, counter, change, counted_at, recorded_at
        FROM counter_changes n JOIN members ON members.id = member_id ORDER BY member_id, n.id
    """,
    "stats": """
        SELECT discord_id, counter, value FROM member_counters
        JOIN members ON members.id = member_id ORDER BY member_id, counter
    """,
    "attendance": """
        SELECT discord_id, occurrence_id, status, role, outcome, minutes, points, result, score, note,
            completion_id
        FROM attendance JOIN members ON members.id = member_id ORDER BY member_id, occurrence_id
    """,
    "reports": """
        SELECT occurrence_id, body, revision, written_by, written_at
        FROM reports ORDER BY occurrence_id
    """,
    "award_grants": """
        SELECT discord_id, g.id, award_id, name AS award, g.reason, granted_by, granted_at,
            withdrawn_at, withdrawn_by, withdraw_reason
        FROM award_grants g JOIN members ON members.id = member_id
        JOIN awards ON awards.id = award_id ORDER BY member_id, g.id
    """,
    # A return before the departure that followed it.
    "departures": """
        SELECT discord_id, reason, left_at, returned_at, recorded_by FROM (
            SELECT member_id, reason, left_at, NULL, recorded_by FROM departures
            UNION ALL
            SELECT member_id, NULL, NULL, returned_at, recorded_by FROM returns
        ) AS moves (member_id, reason, left_at, returned_at, recorded_by)
        JOIN members ON members.id = member_id ORDER BY member_id, returned_at IS NULL
    """,
    "seasons": """
        SELECT slug, title, starts_at, ends_at, created_at, created_by, closed_at, closed_by
        FROM seasons ORDER BY number
    """,
}
# A rule of an award keeps its nulls; elsewhere what is null is left out.
_DOCUMENT = "CAST(json_strip_nulls(row_to_json(one)) AS text)"
_WHOLE_DOCUMENT = "CAST(row_to_json(one) AS text)"
_QUERIES: dict[str, Select[str]] = {
    section: select(
        literal_column(_WHOLE_DOCUMENT if section == "awards" else _DOCUMENT)
    ).select_from(text(source).columns().subquery("one"))
    for section, source in _SOURCES.items()
}


async def take_snapshot(db: AsyncSession) -> None:
    """Let this transaction see one moment, for as long as an export takes; call it first."""
    for statement in (_SNAPSHOT, _PATIENCE, _SLOW_READERS):
        await db.execute(statement)


async def stream_rows(db: AsyncSession, section: str) -> AsyncIterator[str]:
    """Yield each row of a section as JSON, from a cursor of the server's."""
    rows = await db.stream_scalars(_QUERIES[section], execution_options={"yield_per": _AT_ONCE})
    async for row in rows:
        yield row
