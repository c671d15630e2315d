"""Count what people attend, and declared counters over any time; leavers count nowhere.

Revises: a47d0c5be816
Created: 2026-11-21
"""

from alembic import op

revision = "a7c4e1d92b60"
down_revision = "a47d0c5be816"
branch_labels = None
depends_on = None

CHANGES = (
    """
CREATE TABLE counter_changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    member_id BIGINT NOT NULL,
    counter VARCHAR(40) NOT NULL,
    change BIGINT NOT NULL,
    counted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT counter_changes_pkey PRIMARY KEY (id),
    CONSTRAINT counter_changes_changes_something_check CHECK (change <> 0),
    CONSTRAINT counter_changes_member_id_fkey FOREIGN KEY (member_id) REFERENCES members (id)
)
""",
    """
CREATE INDEX counter_changes_member_id_idx ON counter_changes (member_id, counted_at)
""",
    """
CREATE INDEX counter_changes_counted_at_idx ON counter_changes (counted_at)
""",
    """
GRANT SELECT ON counter_changes TO farout_app
""",
)
# Nobody knows when the counters of before were set: they belong to no season and no rolling period.
COUNT_WHAT_IS_THERE = (
    """
INSERT INTO counter_changes (member_id, counter, change, counted_at)
SELECT member_id, counter, value, 'epoch' FROM member_counters WHERE value > 0
""",
    """
INSERT INTO counter_changes (member_id, counter, change, counted_at)
SELECT member_id, 'events_attended', 1, occurrences.starts_at
FROM attendance JOIN occurrences ON occurrences.id = attendance.occurrence_id
WHERE attendance.status = 'attended'
""",
)
APPROVAL = (
    "ALTER TABLE occurrences ADD COLUMN needs_approval BOOLEAN DEFAULT false NOT NULL",
    "ALTER TABLE signups DROP CONSTRAINT signups_status_known_check",
    """
ALTER TABLE signups ADD CONSTRAINT signups_status_known_check
CHECK (status::text IN ('pending', 'seated', 'waitlisted', 'withdrawn'))
""",
)
NO_APPROVAL = (
    "ALTER TABLE signups DROP CONSTRAINT signups_status_known_check",
    "UPDATE signups SET status = 'withdrawn' WHERE status = 'pending'",
    """
ALTER TABLE signups ADD CONSTRAINT signups_status_known_check
CHECK (status::text IN ('seated', 'waitlisted', 'withdrawn'))
""",
    "ALTER TABLE occurrences DROP COLUMN needs_approval",
)
# The name is counted from reports now; whoever kept a counter of that name keeps it under another.
RESERVE_NAME = (
    "ALTER TABLE counters DROP CONSTRAINT counters_not_derived_check",
    """
INSERT INTO counters (key, title, created_at, created_by)
SELECT 'events_attended_own', title, created_at, created_by FROM counters
WHERE key = 'events_attended'
""",
    """
UPDATE member_counters SET counter = 'events_attended_own' WHERE counter = 'events_attended'
""",
    "DELETE FROM counters WHERE key = 'events_attended'",
    """
ALTER TABLE counters ADD CONSTRAINT counters_not_derived_check CHECK (key::text NOT IN (
    'missions_completed', 'trainings_completed', 'points', 'minutes_in_ops', 'events_attended'
))
""",
)
FREE_NAME = (
    "ALTER TABLE counters DROP CONSTRAINT counters_not_derived_check",
    """
ALTER TABLE counters ADD CONSTRAINT counters_not_derived_check CHECK (key::text NOT IN (
    'missions_completed', 'trainings_completed', 'points', 'minutes_in_ops'
))
""",
)
ACTIVE_INDEX = "CREATE INDEX members_last_active_idx ON members ((stats #>> '{last,active_at}'))"
MISSION_INDEX = "CREATE INDEX members_last_mission_idx ON members ((stats #>> '{last,mission_at}'))"

FUNCTIONS = (
    """
CREATE FUNCTION record_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$
""",
    """
CREATE FUNCTION log_counters() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO counter_changes (member_id, counter, change)
        SELECT member_id, counter, value FROM added WHERE value <> 0;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO counter_changes (member_id, counter, change)
        SELECT member_id, counter, -value FROM taken WHERE value <> 0;
    ELSE
        INSERT INTO counter_changes (member_id, counter, change)
        SELECT member_id, counter, coalesce(added.value, 0) - coalesce(taken.value, 0)
        FROM added FULL JOIN taken USING (member_id, counter)
        WHERE coalesce(added.value, 0) <> coalesce(taken.value, 0);
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION log_attendance() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO counter_changes (member_id, counter, change, counted_at)
        SELECT taken.member_id, 'events_attended', -1, occurrences.starts_at
        FROM taken JOIN occurrences ON occurrences.id = taken.occurrence_id
        WHERE taken.status = 'attended';
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO counter_changes (member_id, counter, change, counted_at)
        SELECT added.member_id, 'events_attended', 1, occurrences.starts_at
        FROM added JOIN occurrences ON occurrences.id = added.occurrence_id
        WHERE added.status = 'attended';
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION projected_record(wanted bigint[])
RETURNS TABLE (member_id bigint, missions jsonb, trainings jsonb, stats jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT members.id,
        coalesce(ledger.missions, '[]'),
        coalesce(ledger.trainings, '[]'),
        CASE WHEN num_nonnulls(ledger.counters, own.counters, events.attended, honour.granted_at) = 0
            THEN '{}'
        ELSE
            jsonb_build_object(
                'v', 1,
                'counters', coalesce(own.counters, '{}') || coalesce(ledger.counters, '{}')
                    || jsonb_strip_nulls(jsonb_build_object('events_attended', events.attended))
            ) || coalesce(nullif(jsonb_build_object('last', jsonb_strip_nulls(jsonb_build_object(
                'mission_at', record_time(ledger.mission_at),
                'training_at', record_time(ledger.training_at),
                'event_at', record_time(events.attended_at),
                'award_at', record_time(honour.granted_at),
                'active_at', record_time(greatest(
                    ledger.mission_at, ledger.training_at, events.attended_at, honour.granted_at
                ))
            ))), '{"last": {}}'), '{}')
        END
    FROM members
    LEFT JOIN LATERAL (
        SELECT
            ('[' || string_agg(completion_text(c), ',' ORDER BY c.completed_at, c.id)
                FILTER (WHERE c.kind = 'mission') || ']')::jsonb AS missions,
            ('[' || string_agg(completion_text(c), ',' ORDER BY c.completed_at, c.id)
                FILTER (WHERE c.kind = 'training') || ']')::jsonb AS trainings,
            jsonb_build_object(
                'missions_completed', count(*) FILTER (WHERE c.kind = 'mission'),
                'trainings_completed',
                    count(*) FILTER (WHERE c.kind = 'training' AND c.result <> 'fail'),
                'points', sum(c.points),
                'minutes_in_ops', coalesce(sum(c.minutes), 0)
            ) AS counters,
            max(c.completed_at) FILTER (WHERE c.kind = 'mission') AS mission_at,
            max(c.completed_at) FILTER (WHERE c.kind = 'training') AS training_at
        FROM completions c
        WHERE c.member_id = members.id AND c.revoked_at IS NULL
        HAVING count(*) > 0
    ) ledger ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(n.counter, n.value) AS counters
        FROM member_counters n WHERE n.member_id = members.id AND n.value > 0
        HAVING count(*) > 0
    ) own ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS attended, max(o.starts_at) AS attended_at
        FROM attendance a JOIN occurrences o ON o.id = a.occurrence_id
        WHERE a.member_id = members.id AND a.status = 'attended'
        HAVING count(*) > 0
    ) events ON true
    LEFT JOIN LATERAL (
        SELECT max(g.granted_at) AS granted_at FROM award_grants g
        WHERE g.member_id = members.id AND g.withdrawn_at IS NULL
    ) honour ON true
    WHERE members.id = ANY (wanted);
END
$$
""",
    """
CREATE OR REPLACE FUNCTION projected_scores(wanted bigint[])
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
""",
    """
CREATE OR REPLACE FUNCTION tally_scores() RETURNS trigger LANGUAGE plpgsql
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
""",
    """
CREATE OR REPLACE FUNCTION count_season() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completions IN SHARE MODE;
    LOCK TABLE counter_changes IN SHARE MODE;
    -- Without locking members: whoever waits for the ledger now holds one.
    INSERT INTO scores (member_id, period, counter, value)
    SELECT ledger.member_id, NEW.number, ledger.counter, ledger.value
    FROM season_ledger(NEW.number, clock_timestamp()) AS ledger
    WHERE NOT EXISTS (SELECT FROM departures WHERE departures.member_id = ledger.member_id)
        AND NOT EXISTS (
            SELECT FROM members LEFT JOIN userbase ON userbase.discord_id = members.discord_id
            WHERE members.id = ledger.member_id
                AND (NOT userbase.is_active OR members.discord_id LIKE '0%')
        );
    RETURN NULL;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION season_ledger(wanted smallint, moment timestamptz)
RETURNS TABLE (counter varchar, member_id bigint, place bigint, value bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    WITH done AS (
        SELECT c.member_id,
            count(*) FILTER (WHERE c.kind = 'mission') AS missions,
            count(*) FILTER (WHERE c.result <> 'fail') AS trainings,
            sum(c.points) AS points,
            coalesce(sum(c.minutes), 0) AS minutes
        FROM completions c JOIN seasons ON seasons.number = wanted
            AND c.completed_at >= seasons.starts_at AND c.completed_at < seasons.ends_at
        WHERE c.recorded_at <= moment AND (c.revoked_at IS NULL OR c.revoked_at > moment)
        GROUP BY c.member_id
    ),
    reached AS (
        SELECT one.counter::varchar, done.member_id, one.value
        FROM done, LATERAL (VALUES
            ('missions_completed', done.missions),
            ('trainings_completed', done.trainings),
            ('points', done.points),
            ('minutes_in_ops', done.minutes)
        ) AS one (counter, value)
        UNION ALL
        SELECT n.counter, n.member_id, sum(n.change)::bigint
        FROM counter_changes n JOIN seasons ON seasons.number = wanted
            AND n.counted_at >= seasons.starts_at AND n.counted_at < seasons.ends_at
        WHERE n.recorded_at <= moment
        GROUP BY n.counter, n.member_id
    )
    SELECT reached.counter, reached.member_id,
        rank() OVER (PARTITION BY reached.counter ORDER BY reached.value DESC), reached.value
    FROM reached WHERE reached.value > 0;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION close_season(wanted smallint, closer uuid) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz;
BEGIN
    PERFORM FROM seasons WHERE number = wanted AND closed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- In the order in which a revocation takes them.
    LOCK TABLE completion_revocations IN SHARE MODE;
    LOCK TABLE completions IN SHARE MODE;
    LOCK TABLE counter_changes IN SHARE MODE;
    moment := clock_timestamp();
    UPDATE seasons SET closed_at = moment, closed_by = closer WHERE number = wanted;
    INSERT INTO season_standings (season, counter, member_id, place, value)
    SELECT wanted, counter, member_id, place, value FROM season_ledger(wanted, moment);
    RETURN true;
END
$$
""",
    """
CREATE FUNCTION follow_departures() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refresh_scores(ARRAY(SELECT member_id FROM changed));
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION give_up_seats(leaver bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    left_behind uuid;
BEGIN
    FOR left_behind IN
        SELECT occurrences.id FROM occurrences
        JOIN signups ON signups.occurrence_id = occurrences.id
        WHERE signups.member_id = leaver AND signups.status <> 'withdrawn'
            AND occurrences.status IN ('planned', 'open', 'locked')
            AND occurrences.starts_at > now()
        ORDER BY occurrences.id FOR UPDATE OF occurrences
    LOOP
        UPDATE signups SET status = 'withdrawn', seat = NULL
        WHERE occurrence_id = left_behind AND member_id = leaver;
        PERFORM seat_waiting(left_behind);
    END LOOP;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION leave_seats() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'departures' THEN
        PERFORM give_up_seats(NEW.member_id);
    ELSE
        PERFORM give_up_seats(id) FROM members WHERE discord_id = OLD.discord_id;
    END IF;
    RETURN NULL;
END
$$
""",
)

TRIGGERS = (
    """
CREATE TRIGGER member_counters_log_insert AFTER INSERT ON member_counters
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION log_counters()
""",
    """
CREATE TRIGGER member_counters_log_update AFTER UPDATE ON member_counters
REFERENCING NEW TABLE AS added OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION log_counters()
""",
    """
CREATE TRIGGER member_counters_log_delete AFTER DELETE ON member_counters
REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION log_counters()
""",
    """
CREATE TRIGGER attendance_log_insert AFTER INSERT ON attendance
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION log_attendance()
""",
    """
CREATE TRIGGER attendance_log_update AFTER UPDATE ON attendance
REFERENCING NEW TABLE AS added OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION log_attendance()
""",
    """
CREATE TRIGGER attendance_log_delete AFTER DELETE ON attendance
REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION log_attendance()
""",
    """
CREATE TRIGGER counter_changes_follow_insert AFTER INSERT ON counter_changes
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER counter_changes_follow_update AFTER UPDATE ON counter_changes
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER counter_changes_follow_delete AFTER DELETE ON counter_changes
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER award_grants_follow_insert AFTER INSERT ON award_grants
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER award_grants_follow_update AFTER UPDATE ON award_grants
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER award_grants_follow_delete AFTER DELETE ON award_grants
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER departures_follow_insert AFTER INSERT ON departures
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_departures()
""",
    """
CREATE TRIGGER departures_follow_delete AFTER DELETE ON departures
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_departures()
""",
    """
CREATE TRIGGER departures_leave_seats AFTER INSERT ON departures
FOR EACH ROW EXECUTE FUNCTION leave_seats()
""",
)

FUNCTIONS_BEFORE = (
    """
CREATE OR REPLACE FUNCTION projected_record(wanted bigint[])
RETURNS TABLE (member_id bigint, missions jsonb, trainings jsonb, stats jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT members.id,
        coalesce(ledger.missions, '[]'),
        coalesce(ledger.trainings, '[]'),
        CASE WHEN ledger.counters IS NULL AND own.counters IS NULL THEN '{}' ELSE
            jsonb_build_object(
                'v', 1,
                'counters', coalesce(own.counters, '{}') || coalesce(ledger.counters, '{}')
            ) || coalesce(ledger.last, '{}')
        END
    FROM members
    LEFT JOIN LATERAL (
        SELECT
            ('[' || string_agg(completion_text(c), ',' ORDER BY c.completed_at, c.id)
                FILTER (WHERE c.kind = 'mission') || ']')::jsonb AS missions,
            ('[' || string_agg(completion_text(c), ',' ORDER BY c.completed_at, c.id)
                FILTER (WHERE c.kind = 'training') || ']')::jsonb AS trainings,
            jsonb_build_object(
                'missions_completed', count(*) FILTER (WHERE c.kind = 'mission'),
                'trainings_completed',
                    count(*) FILTER (WHERE c.kind = 'training' AND c.result <> 'fail'),
                'points', sum(c.points),
                'minutes_in_ops', coalesce(sum(c.minutes), 0)
            ) AS counters,
            jsonb_build_object('last', jsonb_strip_nulls(jsonb_build_object(
                'mission_at', to_char(
                    max(c.completed_at) FILTER (WHERE c.kind = 'mission') AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'training_at', to_char(
                    max(c.completed_at) FILTER (WHERE c.kind = 'training') AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ))) AS last
        FROM completions c
        WHERE c.member_id = members.id AND c.revoked_at IS NULL
        HAVING count(*) > 0
    ) ledger ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(n.counter, n.value) AS counters
        FROM member_counters n WHERE n.member_id = members.id
        HAVING count(*) > 0
    ) own ON true
    WHERE members.id = ANY (wanted);
END
$$
""",
    """
CREATE OR REPLACE FUNCTION projected_scores(wanted bigint[])
RETURNS TABLE (member_id bigint, period smallint, counter varchar, value bigint, due_on date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    RETURN QUERY
    WITH listed AS (
        SELECT members.id FROM members
        WHERE members.id = ANY (wanted) AND members.discord_id NOT LIKE '0%' AND NOT EXISTS (
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
    SELECT own.member_id, 0::smallint, own.counter, own.value, NULL
    FROM member_counters own JOIN listed ON listed.id = own.member_id
    WHERE own.value > 0;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION tally_scores() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO score_tally (period, counter, bucket, change)
        SELECT period, counter, score_bucket(value), count(*) FROM added GROUP BY 1, 2, 3;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO score_tally (period, counter, bucket, change)
        SELECT period, counter, score_bucket(value), -count(*) FROM taken GROUP BY 1, 2, 3;
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION count_season() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completions IN SHARE MODE;
    -- Without locking members: whoever waits for the ledger now holds one.
    INSERT INTO scores (member_id, period, counter, value)
    SELECT ledger.member_id, NEW.number, ledger.counter, ledger.value
    FROM season_ledger(NEW.number, clock_timestamp()) AS ledger
    WHERE NOT EXISTS (
        SELECT FROM members LEFT JOIN userbase ON userbase.discord_id = members.discord_id
        WHERE members.id = ledger.member_id
            AND (NOT userbase.is_active OR members.discord_id LIKE '0%')
    );
    RETURN NULL;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION season_ledger(wanted smallint, moment timestamptz)
RETURNS TABLE (counter varchar, member_id bigint, place bigint, value bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    WITH done AS (
        SELECT c.member_id,
            count(*) FILTER (WHERE c.kind = 'mission') AS missions,
            count(*) FILTER (WHERE c.result <> 'fail') AS trainings,
            sum(c.points) AS points,
            coalesce(sum(c.minutes), 0) AS minutes
        FROM completions c JOIN seasons ON seasons.number = wanted
            AND c.completed_at >= seasons.starts_at AND c.completed_at < seasons.ends_at
        WHERE c.recorded_at <= moment AND (c.revoked_at IS NULL OR c.revoked_at > moment)
        GROUP BY c.member_id
    )
    SELECT one.counter::varchar, done.member_id,
        rank() OVER (PARTITION BY one.counter ORDER BY one.value DESC), one.value
    FROM done, LATERAL (VALUES
        ('missions_completed', done.missions),
        ('trainings_completed', done.trainings),
        ('points', done.points),
        ('minutes_in_ops', done.minutes)
    ) AS one (counter, value)
    WHERE one.value > 0;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION close_season(wanted smallint, closer uuid) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz;
BEGIN
    PERFORM FROM seasons WHERE number = wanted AND closed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- In the order in which a revocation takes them.
    LOCK TABLE completion_revocations IN SHARE MODE;
    LOCK TABLE completions IN SHARE MODE;
    moment := clock_timestamp();
    UPDATE seasons SET closed_at = moment, closed_by = closer WHERE number = wanted;
    INSERT INTO season_standings (season, counter, member_id, place, value)
    SELECT wanted, counter, member_id, place, value FROM season_ledger(wanted, moment);
    RETURN true;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION leave_seats() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    left_behind uuid;
BEGIN
    FOR left_behind IN
        SELECT occurrences.id FROM occurrences
        JOIN signups ON signups.occurrence_id = occurrences.id
        JOIN members ON members.id = signups.member_id
        WHERE members.discord_id = OLD.discord_id AND signups.status <> 'withdrawn'
            AND occurrences.status IN ('planned', 'open', 'locked')
            AND occurrences.starts_at > now()
        ORDER BY occurrences.id FOR UPDATE OF occurrences
    LOOP
        UPDATE signups SET status = 'withdrawn', seat = NULL FROM members
        WHERE signups.occurrence_id = left_behind AND signups.member_id = members.id
            AND members.discord_id = OLD.discord_id;
        PERFORM seat_waiting(left_behind);
    END LOOP;
    RETURN NULL;
END
$$
""",
)

TRIGGERS_BEFORE = (
    """
CREATE TRIGGER member_counters_follow_insert AFTER INSERT ON member_counters
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER member_counters_follow_update AFTER UPDATE ON member_counters
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER member_counters_follow_delete AFTER DELETE ON member_counters
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
)

COUNT_EVERYBODY = """
SELECT project_record(ids), refresh_scores(ids) FROM (
    SELECT ARRAY(
        SELECT id FROM members
        WHERE stats <> '{}' OR id IN (SELECT member_id FROM attendance)
            OR id IN (SELECT member_id FROM award_grants)
    ) AS ids
) AS everybody
"""
EVENTS = ("insert", "update", "delete")


def upgrade() -> None:
    for event in EVENTS:
        op.execute(f"DROP TRIGGER member_counters_follow_{event} ON member_counters")
    op.execute("DROP INDEX members_last_mission_idx")
    for statement in (*APPROVAL, *RESERVE_NAME, *CHANGES, *COUNT_WHAT_IS_THERE, *FUNCTIONS):
        op.execute(statement)
    for statement in (COUNT_EVERYBODY, *TRIGGERS, ACTIVE_INDEX):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM scores WHERE value = 0")
    op.execute("DROP INDEX members_last_active_idx")
    for event in EVENTS:
        op.execute(f"DROP TRIGGER member_counters_log_{event} ON member_counters")
        op.execute(f"DROP TRIGGER attendance_log_{event} ON attendance")
        op.execute(f"DROP TRIGGER award_grants_follow_{event} ON award_grants")
    for event in ("follow_insert", "follow_delete", "leave_seats"):
        op.execute(f"DROP TRIGGER departures_{event} ON departures")
    for statement in (*FUNCTIONS_BEFORE, *NO_APPROVAL, *FREE_NAME):
        op.execute(statement)
    op.drop_table("counter_changes")
    for function in (
        "log_counters", "log_attendance", "follow_departures", "give_up_seats", "record_time",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    for statement in (COUNT_EVERYBODY, *TRIGGERS_BEFORE, MISSION_INDEX):
        op.execute(statement)
