"""How a season is counted when it is opened and copied when it is closed; see ``standings``."""

# Writers of the ledger wait while a season is opened or closed: none can miss it, or be counted late.
COUNT_SEASON = """
CREATE FUNCTION count_season() RETURNS trigger LANGUAGE plpgsql
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
"""
COUNT_SEASON_TRIGGER = """
CREATE TRIGGER seasons_count AFTER INSERT ON seasons
FOR EACH ROW WHEN (NEW.closed_at IS NULL) EXECUTE FUNCTION count_season()
"""
# What the ledger said of a season at a moment; it says the same of that moment for ever.
SEASON_LEDGER = """
CREATE FUNCTION season_ledger(wanted smallint, moment timestamptz)
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
"""
CLOSE_SEASON = """
CREATE FUNCTION close_season(wanted smallint, closer uuid) RETURNS boolean LANGUAGE plpgsql
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
"""
