"""Count standings: all time, the last 30 and 90 days, seasons.

Revises: c81e64fb0a35
Created: 2026-11-21
"""

from alembic import op

revision = "e2b94d7f6c18"
down_revision = "c81e64fb0a35"
branch_labels = None
depends_on = None

STANDINGS = (
    """
CREATE TABLE score_tally (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    period SMALLINT NOT NULL,
    counter VARCHAR(40) NOT NULL,
    bucket BIGINT NOT NULL,
    change INTEGER NOT NULL,
    CONSTRAINT score_tally_pkey PRIMARY KEY (id)
)
""",
    """
CREATE INDEX score_tally_board_idx ON score_tally (period, counter, bucket) INCLUDE (change)
""",
    """
GRANT SELECT ON score_tally TO farout_app
""",
    """
CREATE TABLE seasons (
    number SMALLINT GENERATED ALWAYS AS IDENTITY (START WITH 100),
    slug VARCHAR(64) NOT NULL,
    title VARCHAR(120) NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    CONSTRAINT seasons_pkey PRIMARY KEY (number),
    CONSTRAINT seasons_slug_plain_check CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    CONSTRAINT seasons_slug_free_check CHECK (slug::text NOT IN ('all', '30d', '90d')),
    CONSTRAINT seasons_ends_afterwards_check CHECK (ends_at > starts_at),
    CONSTRAINT seasons_slug_key UNIQUE (slug)
)
""",
    """
CREATE INDEX seasons_open_idx ON seasons (starts_at) WHERE closed_at IS NULL
""",
    """
GRANT SELECT, INSERT (slug, title, starts_at, ends_at, created_by) ON seasons TO farout_app
""",
    """
CREATE TABLE scores (
    member_id BIGINT NOT NULL,
    period SMALLINT NOT NULL,
    counter VARCHAR(40) NOT NULL,
    value BIGINT NOT NULL,
    due_on DATE,
    CONSTRAINT scores_pkey PRIMARY KEY (member_id, period, counter),
    CONSTRAINT scores_member_id_fkey FOREIGN KEY(member_id) REFERENCES members (id)
)
""",
    """
CREATE INDEX scores_board_idx ON scores (period, counter, value DESC, member_id)
""",
    """
CREATE INDEX scores_due_on_idx ON scores (due_on) WHERE due_on IS NOT NULL
""",
    """
GRANT SELECT ON scores TO farout_app
""",
    """
CREATE TABLE season_standings (
    season SMALLINT NOT NULL,
    counter VARCHAR(40) NOT NULL,
    member_id BIGINT NOT NULL,
    place BIGINT NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT season_standings_pkey PRIMARY KEY (season, counter, member_id),
    CONSTRAINT season_standings_season_fkey FOREIGN KEY(season) REFERENCES seasons (number),
    CONSTRAINT season_standings_member_id_fkey FOREIGN KEY(member_id) REFERENCES members (id)
)
""",
    """
CREATE INDEX season_standings_member_id_idx ON season_standings (member_id)
""",
    """
CREATE INDEX season_standings_place_idx ON season_standings (season, counter, place, member_id)
""",
    """
CREATE FUNCTION score_bucket(value bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN value < 1024 THEN value ELSE
    (value >> (length(ltrim(value::bit(64)::text, '0')) - 10))
        << (length(ltrim(value::bit(64)::text, '0')) - 10)
END
$$
""",
    """
CREATE FUNCTION projected_scores(wanted bigint[])
RETURNS TABLE (member_id bigint, period smallint, counter varchar, value bigint, due_on date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    RETURN QUERY
    WITH listed AS (
        SELECT members.id FROM members WHERE members.id = ANY (wanted) AND NOT EXISTS (
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
    SELECT now_is.member_id, now_is.period, now_is.counter, now_is.value, now_is.due_on FROM
        now_is
    ON CONFLICT (member_id, period, counter) DO UPDATE
        SET value = excluded.value, due_on = excluded.due_on
        WHERE (scores.value, scores.due_on) IS DISTINCT FROM (excluded.value, excluded.due_on);
END
$$
""",
    """
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
""",
    """
CREATE FUNCTION tally_scores() RETURNS trigger LANGUAGE plpgsql
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
CREATE TRIGGER scores_tally_insert AFTER INSERT ON scores
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tally_scores()
""",
    """
CREATE TRIGGER scores_tally_update AFTER UPDATE ON scores
REFERENCING NEW TABLE AS added OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION
    tally_scores()
""",
    """
CREATE TRIGGER scores_tally_delete AFTER DELETE ON scores
REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION tally_scores()
""",
    """
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
""",
    """
CREATE FUNCTION count_season() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completions IN SHARE MODE;
    -- Without locking members: whoever waits for the ledger now holds one.
    INSERT INTO scores (member_id, period, counter, value)
    SELECT ledger.member_id, NEW.number, ledger.counter, ledger.value
    FROM season_ledger(NEW.number, clock_timestamp()) AS ledger
    WHERE NOT EXISTS (
        SELECT FROM members JOIN userbase ON userbase.discord_id = members.discord_id
        WHERE members.id = ledger.member_id AND NOT userbase.is_active
    );
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER seasons_count AFTER INSERT ON seasons
FOR EACH ROW EXECUTE FUNCTION count_season()
""",
    """
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
    moment := clock_timestamp();
    UPDATE seasons SET closed_at = moment, closed_by = closer WHERE number = wanted;
    INSERT INTO season_standings (season, counter, member_id, place, value)
    SELECT wanted, counter, member_id, place, value FROM season_ledger(wanted, moment);
    RETURN true;
END
$$
""",
    """
CREATE FUNCTION list_scores() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM refresh_scores(ARRAY(
        SELECT id FROM members WHERE discord_id IN (OLD.discord_id, NEW.discord_id)
    ));
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER userbase_list_scores AFTER UPDATE ON userbase
FOR EACH ROW WHEN (
    (NEW.is_active, NEW.discord_id) IS DISTINCT FROM (OLD.is_active, OLD.discord_id)
) EXECUTE FUNCTION list_scores()
""",
    """
GRANT SELECT ON season_standings TO farout_app
""",
)

# By the clock of the moment at which the row comes; the service cannot say another one.
RECORDED = (
    """
ALTER TABLE completions
    ADD COLUMN recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
""",
    """
CREATE INDEX completions_completed_at_idx ON completions (completed_at) WHERE revoked_at IS NULL
""",
    "ALTER TABLE completion_revocations ALTER COLUMN revoked_at SET DEFAULT clock_timestamp()",
    "REVOKE INSERT ON completion_revocations FROM farout_app",
    """
GRANT INSERT (completion_id, revoked_by, reason) ON completion_revocations TO farout_app
""",
)
FOLLOW = """
CREATE OR REPLACE FUNCTION follow_record() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT DISTINCT member_id FROM changed);
BEGIN
    PERFORM project_record(touched);
    PERFORM refresh_scores(touched);
    RETURN NULL;
END
$$
"""
FOLLOW_RECORD_ALONE = """
CREATE OR REPLACE FUNCTION follow_record() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM project_record(ARRAY(SELECT DISTINCT member_id FROM changed));
    RETURN NULL;
END
$$
"""
COUNT_EVERYBODY = "SELECT refresh_scores(ARRAY(SELECT id FROM members)), compact_tally()"


def upgrade() -> None:
    for statement in (*RECORDED, *STANDINGS, FOLLOW, COUNT_EVERYBODY):
        op.execute(statement)


def downgrade() -> None:
    op.execute(FOLLOW_RECORD_ALONE)
    op.execute("DROP TRIGGER userbase_list_scores ON userbase")
    for table in ("season_standings", "seasons", "score_tally", "scores"):
        op.drop_table(table)
    for function in (
        "list_scores", "close_season", "season_ledger", "count_season", "compact_tally",
        "tally_scores", "roll_scores", "refresh_scores", "projected_scores", "score_bucket",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    op.execute("ALTER TABLE completion_revocations ALTER COLUMN revoked_at SET DEFAULT now()")
    op.execute("GRANT INSERT ON completion_revocations TO farout_app")
    op.execute("DROP INDEX completions_completed_at_idx")
    op.execute("ALTER TABLE completions DROP COLUMN recorded_at")
