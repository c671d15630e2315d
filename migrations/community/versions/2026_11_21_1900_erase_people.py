"""Forget a person when their user is deleted: the member stays without them.

Revises: 9c07e5a1d3b4
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "a47d0c5be816"
down_revision = "9c07e5a1d3b4"
branch_labels = None
depends_on = None

REMEMBER = """
CREATE FUNCTION remember_discord_id() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO former_discord_ids (uid, discord_id) VALUES (OLD.uid, OLD.discord_id)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
"""
REMEMBER_TRIGGER = """
CREATE TRIGGER userbase_remember_discord_id AFTER UPDATE ON userbase
FOR EACH ROW WHEN (
    OLD.discord_id IS NOT NULL AND NEW.discord_id IS DISTINCT FROM OLD.discord_id
    AND NEW.uid = OLD.uid AND NEW.deleted_at IS NULL
) EXECUTE FUNCTION remember_discord_id()
"""
ERASE_MEMBER = """
CREATE FUNCTION erase_member(gone bigint) RETURNS void LANGUAGE plpgsql
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
        OR (action::text = 'completions.awarded' AND details -> 'members' ? old_id);
    DELETE FROM idempotency_keys WHERE strpos(answer::text, format('"%s"', old_id)) > 0;
    PERFORM refresh_scores(ARRAY[gone]);
END
$$
"""
ERASE_PERSON = """
CREATE FUNCTION erase_person() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- A Discord account that they gave up may be somebody else's by now, with the profile.
    theirs text[] := ARRAY(
        SELECT former.discord_id FROM former_discord_ids former
        WHERE former.uid = OLD.uid AND NOT EXISTS (
            SELECT FROM userbase WHERE userbase.discord_id = former.discord_id
        )
    ) || OLD.discord_id::text;
    gone bigint;
BEGIN
    FOR gone IN SELECT id FROM members WHERE discord_id = ANY (theirs) ORDER BY id FOR UPDATE LOOP
        PERFORM erase_member(gone);
    END LOOP;
    -- They may be back before the news of their deletion arrived.
    INSERT INTO members (discord_id, display_name)
    SELECT discord_id, username FROM userbase
    WHERE discord_id = OLD.discord_id AND deleted_at IS NULL
    ON CONFLICT (discord_id) DO NOTHING;
    DELETE FROM former_discord_ids WHERE uid = OLD.uid;
    DELETE FROM api_keys WHERE owner_uid = OLD.uid;
    DELETE FROM idempotency_keys WHERE actor_uid = OLD.uid;
    DELETE FROM rejected_events WHERE body #>> '{data,uid}' = OLD.uid::text;
    DELETE FROM blog_posts WHERE author_uid = OLD.uid AND publish_at IS NULL;
    UPDATE application_messages SET body = '(erased)' WHERE author_uid = OLD.uid;
    UPDATE application_votes SET comment = NULL WHERE voter_uid = OLD.uid;
    UPDATE audit_log SET ip = NULL WHERE actor_uid = OLD.uid AND ip IS NOT NULL;
    UPDATE audit_log SET details = '{}' WHERE target_uid = OLD.uid AND details <> '{}';
    RETURN NULL;
END
$$
"""
# The last of the triggers of an update, by its name.
ERASE_PERSON_TRIGGER = """
CREATE TRIGGER userbase_zz_erase_person AFTER UPDATE ON userbase
FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL AND NEW.uid = OLD.uid)
EXECUTE FUNCTION erase_person()
"""
# As before, without those who are erased.
PROJECTED_SCORES = """
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
"""
COUNT_SEASON = """
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
"""
PROJECTED_SCORES_BEFORE = """
CREATE OR REPLACE FUNCTION projected_scores(wanted bigint[])
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
"""
COUNT_SEASON_BEFORE = """
CREATE OR REPLACE FUNCTION count_season() RETURNS trigger LANGUAGE plpgsql
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
"""
MEMBER_INDEX = """
CREATE INDEX audit_log_member_idx
ON audit_log ((COALESCE(details ->> 'member', details ->> 'discord_id')))
WHERE COALESCE(details ->> 'member', details ->> 'discord_id') IS NOT NULL
"""
MEMBERS_INDEX = """
CREATE INDEX audit_log_members_idx ON audit_log USING gin ((details -> 'members'))
WHERE action::text = 'completions.awarded'
"""


def upgrade() -> None:
    op.create_table(
        "former_discord_ids",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("discord_id", sa.String(20), nullable=False),
        sa.Column(
            "unlinked_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("uid", "discord_id", name="former_discord_ids_pkey"),
    )
    op.execute("GRANT SELECT ON former_discord_ids TO farout_app")
    for statement in (
        MEMBER_INDEX, MEMBERS_INDEX, PROJECTED_SCORES, COUNT_SEASON, REMEMBER, REMEMBER_TRIGGER,
        ERASE_MEMBER, ERASE_PERSON, ERASE_PERSON_TRIGGER,
    ):  # fmt: skip
        op.execute(statement)


def downgrade() -> None:
    """Whoever was erased stays erased, and is counted among the members again."""
    for trigger in ("zz_erase_person", "remember_discord_id"):
        op.execute(f"DROP TRIGGER userbase_{trigger} ON userbase")
    op.execute("DROP FUNCTION erase_person(), erase_member(bigint), remember_discord_id()")
    op.execute(PROJECTED_SCORES_BEFORE)
    op.execute(COUNT_SEASON_BEFORE)
    op.drop_index("audit_log_members_idx", "audit_log")
    op.drop_index("audit_log_member_idx", "audit_log")
    op.drop_table("former_discord_ids")
