"""Let everything travel that a file can hold: counters over time, attendance, closed seasons, returns.

Revises: e5d20b7c41f8
Created: 2026-11-21
"""

from alembic import op

revision = "c5d20a9e71f4"
down_revision = "e5d20b7c41f8"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE returns (
    member_id BIGINT NOT NULL,
    returned_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    recorded_by UUID,
    CONSTRAINT returns_pkey PRIMARY KEY (member_id),
    CONSTRAINT returns_member_id_fkey FOREIGN KEY (member_id) REFERENCES members (id)
)
""",
    "GRANT SELECT, INSERT, UPDATE ON returns TO farout_app",
    "ALTER TABLE counter_changes ADD COLUMN entry_id UUID DEFAULT uuidv7() NOT NULL",
    """
ALTER TABLE counter_changes ADD CONSTRAINT counter_changes_entry_id_key UNIQUE (entry_id)
""",
)
FUNCTIONS = (
    """
CREATE FUNCTION count_counters(people bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    INSERT INTO counter_changes (member_id, counter, change)
    SELECT member_id, counter, sum(change) FROM (
        SELECT member_id, counter, value FROM member_counters WHERE member_id = ANY (people)
        UNION ALL
        SELECT member_id, counter, -change FROM counter_changes
        WHERE member_id = ANY (people) AND counter <> 'events_attended'
    ) AS differing (member_id, counter, change)
    GROUP BY member_id, counter HAVING sum(change) <> 0
    RETURNING member_id;
END
$$
""",
    """
CREATE FUNCTION count_attendance(people bigint[], moments timestamptz[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH wanted AS (SELECT DISTINCT * FROM unnest(people, moments) AS one (member_id, moment))
    INSERT INTO counter_changes (member_id, counter, change, counted_at)
    SELECT member_id, 'events_attended', sum(change), counted_at FROM (
        SELECT attendance.member_id, 1, occurrences.starts_at
        FROM attendance JOIN occurrences ON occurrences.id = attendance.occurrence_id
        JOIN wanted ON wanted.member_id = attendance.member_id
            AND wanted.moment = occurrences.starts_at
        WHERE attendance.status = 'attended'
        UNION ALL
        SELECT logged.member_id, -logged.change, logged.counted_at
        FROM counter_changes logged JOIN wanted ON wanted.member_id = logged.member_id
            AND wanted.moment = logged.counted_at
        WHERE logged.counter = 'events_attended'
    ) AS differing (member_id, change, counted_at)
    GROUP BY member_id, counted_at HAVING sum(change) <> 0
    RETURNING member_id;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION log_counters() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    people bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        people := ARRAY(SELECT DISTINCT member_id FROM added WHERE value <> 0);
    ELSIF TG_OP = 'DELETE' THEN
        people := ARRAY(SELECT DISTINCT member_id FROM taken WHERE value <> 0);
    ELSE
        people := ARRAY(
            SELECT DISTINCT member_id FROM added FULL JOIN taken USING (member_id, counter)
            WHERE coalesce(added.value, 0) <> coalesce(taken.value, 0)
        );
    END IF;
    PERFORM project_record(ARRAY(SELECT unnest(people) EXCEPT SELECT count_counters(people)));
    RETURN NULL;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION log_attendance() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    people bigint[];
    moments timestamptz[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(member_id), array_agg(starts_at) INTO people, moments
        FROM added JOIN occurrences ON occurrences.id = added.occurrence_id
        WHERE added.status = 'attended';
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(member_id), array_agg(starts_at) INTO people, moments
        FROM taken JOIN occurrences ON occurrences.id = taken.occurrence_id
        WHERE taken.status = 'attended';
    ELSE
        SELECT array_agg(member_id), array_agg(starts_at) INTO people, moments
        FROM added FULL JOIN taken USING (occurrence_id, member_id)
        JOIN occurrences ON occurrences.id = occurrence_id
        WHERE coalesce(added.status = 'attended', false) <> coalesce(taken.status = 'attended', false);
    END IF;
    IF people IS NOT NULL THEN
        PERFORM project_record(ARRAY(
            SELECT unnest(people) EXCEPT SELECT count_attendance(people, moments)
        ));
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE OR REPLACE FUNCTION erase_member(gone bigint) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    old_id text := (SELECT discord_id FROM members WHERE id = gone);
    -- So long and so random that it is no other member's, also of a community that is imported here.
    new_id text := '0' || translate(
        substr(md5(gen_random_uuid()::text), 1, 19), 'abcdef', '012345'
    );
BEGIN
    UPDATE members SET discord_id = new_id, display_name = 'Former member', bio = NULL,
        avatar_url = NULL
    WHERE id = gone;
    UPDATE completions SET note = NULL, evidence = '{}'
    WHERE member_id = gone AND (note IS NOT NULL OR evidence <> '{}');
    UPDATE completion_revocations SET reason = '(erased)'
    FROM completions WHERE completions.id = completion_id AND completions.member_id = gone;
    UPDATE rank_changes SET reason = '(erased)',
        undo_reason = CASE WHEN undo_reason IS NOT NULL THEN '(erased)' END
    WHERE member_id = gone;
    UPDATE award_grants SET reason = '(erased)',
        withdraw_reason = CASE WHEN withdraw_reason IS NOT NULL THEN '(erased)' END
    WHERE member_id = gone;
    UPDATE attendance SET note = NULL WHERE member_id = gone AND note IS NOT NULL;
    UPDATE item_movements SET note = NULL WHERE member_id = gone AND note IS NOT NULL;
    DELETE FROM training_instructors WHERE member_id = gone;
    DELETE FROM returns WHERE member_id = gone;
    INSERT INTO departures (member_id, reason) VALUES (gone, '(erased)')
    ON CONFLICT (member_id) DO UPDATE SET reason = '(erased)';
    DELETE FROM application_messages USING applications
    WHERE applications.id = application_id AND applications.member_id = gone;
    UPDATE application_votes SET comment = NULL
    FROM applications WHERE applications.id = application_id AND applications.member_id = gone;
    UPDATE applications SET answers = '[]', decision_reason = NULL,
        status = CASE status WHEN 'pending' THEN 'withdrawn' ELSE status END,
        decided_at = coalesce(decided_at, now())
    WHERE member_id = gone;
    -- Entries that name them by their Discord id; a list of several keeps the others.
    UPDATE audit_log
    SET details = replace(details::text, format('"%s"', old_id), format('"%s"', new_id))::jsonb
        - 'reason'
    WHERE coalesce(details ->> 'member', details ->> 'discord_id') = old_id
        OR (action::text IN ('completions.awarded', 'award.granted')
            AND details -> 'members' ? old_id);
    -- What programs are told, or were told a few weeks ago at most.
    UPDATE events
    SET data = replace(data::text, format('"%s"', old_id), format('"%s"', new_id))::jsonb
    WHERE strpos(data::text, format('"%s"', old_id)) > 0;
    DELETE FROM idempotency_keys WHERE strpos(answer::text, format('"%s"', old_id)) > 0;
    PERFORM refresh_scores(ARRAY[gone]);
END
$$
""",
)
IMPORTS = (
    """
CREATE FUNCTION import_completions(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    closed timestamptz;
BEGIN
    LOCK TABLE completion_revocations IN ROW EXCLUSIVE MODE;
    LOCK TABLE completions IN ROW EXCLUSIVE MODE;
    closed := coalesce((SELECT max(closed_at) FROM seasons), '-infinity');
    INSERT INTO completions (
        id, member_id, kind, mission_id, training_id, occurrence_id,
        repeat_on, slug, title, role, outcome, minutes,
        level, result, score, instructor_uid, expires_on, points,
        completed_at, awarded_by, awarded_at, via, note, evidence,
        recorded_at
    )
    SELECT
        given.id, given.member_id, given.kind, given.mission_id, given.training_id, given.occurrence_id,
        given.repeat_on, given.slug, given.title, given.role, given.outcome, given.minutes,
        given.level, given.result, given.score, given.instructor_uid, given.expires_on, given.points,
        given.completed_at, given.awarded_by, given.awarded_at, given.via, given.note, given.evidence,
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
""",
    """
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
""",
    """
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
""",
    """
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
""",
)
FOR_THE_SERVICE = (
    "import_completions(jsonb)",
    "import_counter_changes(jsonb)",
    "import_seasons(jsonb)",
    "settle_attendance(bigint[])",
)
# A season that comes closed is counted once, when it is kept.
COUNT_OPEN_SEASONS = """
CREATE TRIGGER seasons_count AFTER INSERT ON seasons
FOR EACH ROW WHEN (NEW.closed_at IS NULL) EXECUTE FUNCTION count_season()
"""
COUNT_SEASONS = """
CREATE TRIGGER seasons_count AFTER INSERT ON seasons
FOR EACH ROW EXECUTE FUNCTION count_season()
"""
FUNCTIONS_BEFORE = (
    """
CREATE OR REPLACE FUNCTION log_counters() RETURNS trigger LANGUAGE plpgsql
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
CREATE OR REPLACE FUNCTION log_attendance() RETURNS trigger LANGUAGE plpgsql
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
CREATE OR REPLACE FUNCTION erase_member(gone bigint) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    old_id text := (SELECT discord_id FROM members WHERE id = gone);
    new_id text := '0' || gone;
BEGIN
    UPDATE members SET discord_id = new_id, display_name = 'Former member', bio = NULL,
        avatar_url = NULL
    WHERE id = gone;
    UPDATE completions SET note = NULL, evidence = '{}'
    WHERE member_id = gone AND (note IS NOT NULL OR evidence <> '{}');
    UPDATE completion_revocations SET reason = '(erased)'
    FROM completions WHERE completions.id = completion_id AND completions.member_id = gone;
    UPDATE rank_changes SET reason = '(erased)',
        undo_reason = CASE WHEN undo_reason IS NOT NULL THEN '(erased)' END
    WHERE member_id = gone;
    UPDATE award_grants SET reason = '(erased)',
        withdraw_reason = CASE WHEN withdraw_reason IS NOT NULL THEN '(erased)' END
    WHERE member_id = gone;
    UPDATE attendance SET note = NULL WHERE member_id = gone AND note IS NOT NULL;
    UPDATE item_movements SET note = NULL WHERE member_id = gone AND note IS NOT NULL;
    DELETE FROM training_instructors WHERE member_id = gone;
    INSERT INTO departures (member_id, reason) VALUES (gone, '(erased)')
    ON CONFLICT (member_id) DO UPDATE SET reason = '(erased)';
    DELETE FROM application_messages USING applications
    WHERE applications.id = application_id AND applications.member_id = gone;
    UPDATE application_votes SET comment = NULL
    FROM applications WHERE applications.id = application_id AND applications.member_id = gone;
    UPDATE applications SET answers = '[]', decision_reason = NULL,
        status = CASE status WHEN 'pending' THEN 'withdrawn' ELSE status END,
        decided_at = coalesce(decided_at, now())
    WHERE member_id = gone;
    -- Entries that name them by their Discord id; a list of several keeps the others.
    UPDATE audit_log
    SET details = replace(details::text, format('"%s"', old_id), format('"%s"', new_id))::jsonb
        - 'reason'
    WHERE coalesce(details ->> 'member', details ->> 'discord_id') = old_id
        OR (action::text IN ('completions.awarded', 'award.granted')
            AND details -> 'members' ? old_id);
    -- What programs are told, or were told a few weeks ago at most.
    UPDATE events
    SET data = replace(data::text, format('"%s"', old_id), format('"%s"', new_id))::jsonb
    WHERE strpos(data::text, format('"%s"', old_id)) > 0;
    DELETE FROM idempotency_keys WHERE strpos(answer::text, format('"%s"', old_id)) > 0;
    PERFORM refresh_scores(ARRAY[gone]);
END
$$
""",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *IMPORTS):
        op.execute(statement)
    for function in FOR_THE_SERVICE:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO farout_app")
    op.execute("DROP TRIGGER seasons_count ON seasons")
    op.execute(COUNT_OPEN_SEASONS)


def downgrade() -> None:
    op.execute("DROP TRIGGER seasons_count ON seasons")
    op.execute(COUNT_SEASONS)
    for function in FOR_THE_SERVICE:
        op.execute(f"DROP FUNCTION {function}")
    for statement in FUNCTIONS_BEFORE:
        op.execute(statement)
    op.execute("DROP FUNCTION count_counters")
    op.execute("DROP FUNCTION count_attendance")
    op.drop_column("counter_changes", "entry_id")
    op.drop_table("returns")
