"""The functions and triggers that keep the leaderboards equal to the ledger.

``refresh_scores`` counts some members anew, in the transaction that changed them. A rolling score
knows the day on which it stops being true, and is counted anew then. Leavers and deactivated people
have none, and neither have erased ones, whose Discord id begins with a 0.
"""

from backend.community.models.completion_revocation import CompletionRevocation
from backend.community.models.counter_change import CounterChange
from backend.community.models.departure import Departure
from backend.community.models.mirrored_user import MirroredUser
from backend.community.models.score import Score
from backend.community.models.score_tally import ScoreTally
from backend.community.models.season import Season
from backend.community.models.season_closing import (
    CLOSE_SEASON,
    COUNT_SEASON,
    COUNT_SEASON_TRIGGER,
    SEASON_LEDGER,
)
from backend.community.models.season_standing import SeasonStanding
from backend.tables import runs_after_create

# Exact below 1,024, then one part in 512: a few thousand buckets hold any community.
SCORE_BUCKET = """
CREATE FUNCTION score_bucket(value bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN value < 1024 THEN value ELSE
    (value >> (length(ltrim(value::bit(64)::text, '0')) - 10))
        << (length(ltrim(value::bit(64)::text, '0')) - 10)
END
$$
"""
PROJECTED_SCORES = """
CREATE FUNCTION projected_scores(wanted bigint[])
RETURNS TABLE (member_id bigint, period smallint, counter varchar, value bigint, due_on date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    RETURN QUERY
    WITH listed AS (
        SELECT members.id FROM members
        WHERE members.id = ANY (wanted) AND members.discord_id NOT LIKE '0%'
            AND NOT EXISTS (SELECT FROM departures WHERE departures.member_id = members.id)
            AND NOT EXISTS (
                SELECT FROM userbase
                WHERE userbase.discord_id = members.discord_id AND NOT userbase.is_active
            )
    ),
    done AS (
        SELECT c.member_id, c.kind, c.result, c.points, c.minutes, c.completed_at,
            (c.completed_at AT TIME ZONE 'UTC')::date AS completed_on
        FROM completions c JOIN listed ON listed.id = c.member_id
        WHERE c.revoked_at IS NULL
    ),
    counted AS (
        SELECT done.*, 0::smallint AS period, NULL::date AS due FROM done
        UNION ALL
        SELECT done.*, days.days::smallint, done.completed_on + days.days
        FROM done, (VALUES (30), (90)) AS days (days)
        WHERE done.completed_on > today - days.days
        UNION ALL
        SELECT done.*, seasons.number, NULL
        FROM done JOIN seasons ON seasons.closed_at IS NULL
            AND done.completed_at >= seasons.starts_at AND done.completed_at < seasons.ends_at
    ),
    summed AS (
        SELECT counted.member_id, counted.period, min(counted.due) AS due,
            count(*) FILTER (WHERE counted.kind = 'mission') AS missions,
            count(*) FILTER (WHERE counted.result <> 'fail') AS trainings,
            sum(counted.points) AS points,
            coalesce(sum(counted.minutes), 0) AS minutes
        FROM counted GROUP BY counted.member_id, counted.period
    ),
    changed AS (
        SELECT n.member_id, n.counter, n.change, n.counted_at,
            (n.counted_at AT TIME ZONE 'UTC')::date AS counted_on
        FROM counter_changes n JOIN listed ON listed.id = n.member_id
    ),
    counted_changes AS (
        SELECT changed.*, 0::smallint AS period, NULL::date AS due FROM changed
        UNION ALL
        SELECT changed.*, days.days::smallint, changed.counted_on + days.days
        FROM changed, (VALUES (30), (90)) AS days (days)
        WHERE changed.counted_on > today - days.days
        UNION ALL
        SELECT changed.*, seasons.number, NULL
        FROM changed JOIN seasons ON seasons.closed_at IS NULL
            AND changed.counted_at >= seasons.starts_at AND changed.counted_at < seasons.ends_at
    )
    SELECT summed.member_id, summed.period, one.counter::varchar, one.value, summed.due
    FROM summed, LATERAL (VALUES
        ('missions_completed', summed.missions),
        ('trainings_completed', summed.trainings),
        ('points', summed.points),
        ('minutes_in_ops', summed.minutes)
    ) AS one (counter, value)
    WHERE one.value > 0
    UNION ALL
    -- A rolling sum may be nothing now, and more once an older correction has left the period.
    SELECT one.member_id, one.period, one.counter, greatest(sum(one.change), 0)::bigint,
        min(one.due)
    FROM counted_changes one GROUP BY one.member_id, one.period, one.counter
    HAVING sum(one.change) > 0 OR min(one.due) IS NOT NULL;
END
$$
"""
REFRESH_SCORES = """
CREATE FUNCTION refresh_scores(changed bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM members WHERE id = ANY (changed) ORDER BY id FOR NO KEY UPDATE;
    WITH now_is AS MATERIALIZED (SELECT * FROM projected_scores(changed)),
    gone AS (
        DELETE FROM scores WHERE member_id = ANY (changed) AND NOT EXISTS (
            SELECT FROM now_is WHERE now_is.member_id = scores.member_id
                AND now_is.period = scores.period AND now_is.counter = scores.counter
        )
    )
    INSERT INTO scores (member_id, period, counter, value, due_on)
    SELECT now_is.member_id, now_is.period, now_is.counter, now_is.value, now_is.due_on FROM now_is
    ON CONFLICT (member_id, period, counter) DO UPDATE
        SET value = excluded.value, due_on = excluded.due_on
        WHERE (scores.value, scores.due_on) IS DISTINCT FROM (excluded.value, excluded.due_on);
END
$$
"""
ROLL_SCORES = """
CREATE FUNCTION roll_scores(at_most integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    due bigint[] := ARRAY(
        SELECT DISTINCT member_id FROM (
            SELECT member_id FROM scores WHERE due_on <= (now() AT TIME ZONE 'UTC')::date
            ORDER BY due_on LIMIT at_most
        ) AS oldest
    );
BEGIN
    PERFORM refresh_scores(due);
    RETURN cardinality(due);
END
$$
"""
TALLY_SCORES = """
CREATE FUNCTION tally_scores() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO score_tally (period, counter, bucket, change)
        SELECT period, counter, score_bucket(value), count(*) FROM added
        WHERE value > 0 GROUP BY 1, 2, 3;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO score_tally (period, counter, bucket, change)
        SELECT period, counter, score_bucket(value), -count(*) FROM taken
        WHERE value > 0 GROUP BY 1, 2, 3;
    END IF;
    RETURN NULL;
END
$$
"""
COMPACT_TALLY = """
CREATE FUNCTION compact_tally() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_try_advisory_xact_lock(16386577) THEN
        WITH gone AS (DELETE FROM score_tally RETURNING period, counter, bucket, change)
        INSERT INTO score_tally (period, counter, bucket, change)
        SELECT period, counter, bucket, sum(change) FROM gone
        GROUP BY period, counter, bucket HAVING sum(change) <> 0;
    END IF;
END
$$
"""
LIST_SCORES = """
CREATE FUNCTION list_scores() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refresh_scores(ARRAY(
        SELECT id FROM members WHERE discord_id IN (OLD.discord_id, NEW.discord_id)
    ));
    RETURN NULL;
END
$$
"""
LIST_SCORES_TRIGGER = """
CREATE TRIGGER userbase_list_scores AFTER UPDATE ON userbase
FOR EACH ROW WHEN (
    (NEW.is_active, NEW.discord_id) IS DISTINCT FROM (OLD.is_active, OLD.discord_id)
) EXECUTE FUNCTION list_scores()
"""
FOLLOW_DEPARTURES = """
CREATE FUNCTION follow_departures() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refresh_scores(ARRAY(SELECT member_id FROM changed));
    RETURN NULL;
END
$$
"""


def _follow_departures(event: str, rows: str) -> str:
    return f"""
CREATE TRIGGER departures_follow_{event} AFTER {event.upper()} ON departures
REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_departures()
"""


def _tally(event: str, rows: str) -> str:
    return f"""
CREATE TRIGGER scores_tally_{event} AFTER {event.upper()} ON scores
REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION tally_scores()
"""


for earlier in (CompletionRevocation, CounterChange, MirroredUser, Score, ScoreTally, Season):
    SeasonStanding.__table__.add_is_dependent_on(earlier.__table__)  # type: ignore[attr-defined]
# What counts anew when it is emptied goes before what it counts into.
CounterChange.__table__.add_is_dependent_on(Score.__table__)  # type: ignore[attr-defined]
Score.__table__.add_is_dependent_on(ScoreTally.__table__)  # type: ignore[attr-defined]
Departure.__table__.add_is_dependent_on(SeasonStanding.__table__)  # type: ignore[attr-defined]
runs_after_create(
    SeasonStanding.__table__,  # type: ignore[arg-type]
    SCORE_BUCKET,
    PROJECTED_SCORES,
    REFRESH_SCORES,
    ROLL_SCORES,
    TALLY_SCORES,
    _tally("insert", "NEW TABLE AS added"),
    _tally("update", "NEW TABLE AS added OLD TABLE AS taken"),
    _tally("delete", "OLD TABLE AS taken"),
    COMPACT_TALLY,
    COUNT_SEASON,
    COUNT_SEASON_TRIGGER,
    SEASON_LEDGER,
    CLOSE_SEASON,
    LIST_SCORES,
    LIST_SCORES_TRIGGER,
)
runs_after_create(
    Departure.__table__,  # type: ignore[arg-type]
    FOLLOW_DEPARTURES,
    _follow_departures("insert", "NEW"),
    _follow_departures("delete", "OLD"),
)
