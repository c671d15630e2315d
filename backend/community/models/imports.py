"""What an import may say and nobody else: when an entry was recorded, counted, revoked, or closed over.

The service's role may do none of this to the tables. A moment is taken as the file has it only where
no season was closed since: a season that is counted again must come out as it did.
"""

from backend.community.models.completion import WRITTEN
from backend.community.models.completion_revocation import CompletionRevocation
from backend.community.models.counter_change import CounterChange
from backend.community.models.import_run import ImportRun
from backend.community.models.member_counter import MemberCounter
from backend.community.models.season import Season
from backend.community.models.season_standing import SeasonStanding
from backend.tables import runs_after_create


def _lines(prefix: str, names: tuple[str, ...]) -> str:
    """Six names a line."""
    rows = [names[start : start + 6] for start in range(0, len(names), 6)]
    return ",\n        ".join(", ".join(f"{prefix}{name}" for name in row) for row in rows)


# Nothing is closed before the transaction ends: closing waits for the lock.
IMPORT_COMPLETIONS = f"""
CREATE FUNCTION import_completions(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    closed timestamptz;
BEGIN
    LOCK TABLE completion_revocations IN ROW EXCLUSIVE MODE;
    LOCK TABLE completions IN ROW EXCLUSIVE MODE;
    closed := coalesce((SELECT max(closed_at) FROM seasons), '-infinity');
    INSERT INTO completions (
        {_lines("", WRITTEN)},
        recorded_at
    )
    SELECT
        {_lines("given.", WRITTEN)},
        CASE WHEN given.recorded_at > closed
            THEN least(given.recorded_at, clock_timestamp()) ELSE clock_timestamp() END
    FROM jsonb_populate_recordset(NULL::completions, wanted) AS given;
    INSERT INTO completion_revocations (completion_id, revoked_at, revoked_by, reason)
    SELECT given.id, least(given.revoked_at, clock_timestamp()), given.revoked_by, given.revoke_reason
    FROM jsonb_to_recordset(wanted)
        AS given (id uuid, revoked_at timestamptz, revoked_by uuid, revoke_reason text)
    WHERE given.revoked_at IS NOT NULL;
END
$$
"""  # noqa: S608
# For entries that were here before: they are revoked now, unless they came with this transaction.
IMPORT_REVOCATIONS = """
CREATE FUNCTION import_revocations(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completion_revocations IN ROW EXCLUSIVE MODE;
    INSERT INTO completion_revocations (completion_id, revoked_at, revoked_by, reason)
    SELECT completions.id,
        CASE WHEN completions.recorded_at >= now() AND NOT EXISTS (
            SELECT FROM seasons WHERE seasons.closed_at >= completions.recorded_at
        ) THEN least(given.revoked_at, clock_timestamp()) ELSE clock_timestamp() END,
        given.revoked_by,
        given.reason
    FROM jsonb_to_recordset(wanted)
        AS given (id uuid, revoked_at timestamptz, revoked_by uuid, reason text)
    JOIN completions ON completions.id = given.id;
END
$$
"""
# A declared counter is what its changes add up to. Dates that were attended are counted from the
# attendance, which comes afterwards and finds them logged.
IMPORT_COUNTER_CHANGES = """
CREATE FUNCTION import_counter_changes(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    closed timestamptz;
BEGIN
    LOCK TABLE counter_changes IN ROW EXCLUSIVE MODE;
    closed := coalesce((SELECT max(closed_at) FROM seasons), '-infinity');
    INSERT INTO counter_changes (entry_id, member_id, counter, change, counted_at, recorded_at)
    SELECT given.entry_id, given.member_id, given.counter, given.change, given.counted_at,
        CASE WHEN given.recorded_at > closed
            THEN least(given.recorded_at, clock_timestamp()) ELSE clock_timestamp() END
    FROM jsonb_to_recordset(wanted) AS given (
        entry_id uuid, member_id bigint, counter text, change bigint, counted_at timestamptz,
        recorded_at timestamptz, place bigint
    )
    ORDER BY given.place;
    INSERT INTO member_counters (member_id, counter, value)
    SELECT logged.member_id, logged.counter, sum(logged.change)
    FROM counter_changes logged
    WHERE logged.counter <> 'events_attended' AND (logged.member_id, logged.counter) IN (
        SELECT given.member_id, given.counter
        FROM jsonb_to_recordset(wanted) AS given (member_id bigint, counter text)
    )
    GROUP BY logged.member_id, logged.counter
    ON CONFLICT (member_id, counter) DO UPDATE SET value = excluded.value
        WHERE member_counters.value <> excluded.value;
END
$$
"""
# A closed season is counted again as of the moment at which it was closed, and kept like any other.
IMPORT_SEASONS = """
CREATE FUNCTION import_seasons(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completion_revocations IN SHARE MODE;
    LOCK TABLE completions IN SHARE MODE;
    LOCK TABLE counter_changes IN SHARE MODE;
    INSERT INTO seasons (
        slug, title, starts_at, ends_at, created_at, created_by, closed_at, closed_by
    )
    SELECT given.slug, given.title, given.starts_at, given.ends_at, given.created_at,
        given.created_by,
        CASE WHEN given.closed_at IS NOT NULL THEN least(given.closed_at, clock_timestamp()) END,
        given.closed_by
    FROM jsonb_populate_recordset(NULL::seasons, wanted) AS given
    ORDER BY given.created_at, given.slug;
    INSERT INTO season_standings (season, counter, member_id, place, value)
    SELECT seasons.number, ledger.counter, ledger.member_id, ledger.place, ledger.value
    FROM jsonb_to_recordset(wanted) AS given (slug text)
    JOIN seasons ON seasons.slug = given.slug AND seasons.closed_at IS NOT NULL
    CROSS JOIN LATERAL season_ledger(seasons.number, seasons.closed_at) AS ledger;
END
$$
"""
# What a member attended and what the log says of it, once all rows of a file are there.
SETTLE_ATTENDANCE = """
CREATE FUNCTION settle_attendance(people bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    attended bigint[];
    moments timestamptz[];
BEGIN
    SELECT array_agg(member_id), array_agg(moment) INTO attended, moments FROM (
        SELECT attendance.member_id, occurrences.starts_at
        FROM attendance JOIN occurrences ON occurrences.id = attendance.occurrence_id
        WHERE attendance.member_id = ANY (people) AND attendance.status = 'attended'
        UNION
        SELECT member_id, counted_at FROM counter_changes
        WHERE member_id = ANY (people) AND counter = 'events_attended'
    ) AS one (member_id, moment);
    IF attended IS NOT NULL THEN
        PERFORM count_attendance(attended, moments);
    END IF;
END
$$
"""


def _for_the_service(function: str) -> tuple[str, str]:
    return (
        f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {function} TO farout_app",
    )


for earlier in (CompletionRevocation, CounterChange, MemberCounter, Season, SeasonStanding):
    ImportRun.__table__.add_is_dependent_on(earlier.__table__)  # type: ignore[attr-defined]
runs_after_create(
    ImportRun.__table__,  # type: ignore[arg-type]
    IMPORT_COMPLETIONS,
    IMPORT_REVOCATIONS,
    IMPORT_COUNTER_CHANGES,
    IMPORT_SEASONS,
    SETTLE_ATTENDANCE,
    *_for_the_service("import_completions(jsonb)"),
    *_for_the_service("import_revocations(jsonb)"),
    *_for_the_service("import_counter_changes(jsonb)"),
    *_for_the_service("import_seasons(jsonb)"),
    *_for_the_service("settle_attendance(bigint[])"),
)
