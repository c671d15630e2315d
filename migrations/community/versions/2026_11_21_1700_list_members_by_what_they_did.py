"""Read a page of the directory from where it begins, by what people did and what they are called.

Revises: 3e7c91d05ab8
Created: 2026-11-21
"""

from alembic import op

revision = "b64f1ce8d927"
down_revision = "3e7c91d05ab8"
branch_labels = None
depends_on = None

LISTING = (
    """
CREATE TABLE name_parts (
    part TEXT NOT NULL,
    name TEXT NOT NULL,
    member_id BIGINT NOT NULL,
    CONSTRAINT name_parts_pkey PRIMARY KEY (part, name, member_id)
)
""",
    """
GRANT SELECT ON name_parts TO farout_app
""",
    """
CREATE TABLE achievements (
    member_id BIGINT NOT NULL,
    kind VARCHAR(8) NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    rank VARCHAR(64) NOT NULL,
    valid_until DATE DEFAULT 'infinity' NOT NULL,
    CONSTRAINT achievements_pkey PRIMARY KEY (member_id, kind, slug),
    CONSTRAINT achievements_member_id_fkey FOREIGN KEY(member_id)
        REFERENCES members (id) ON DELETE CASCADE
)
""",
    """
CREATE INDEX achievements_listed_idx ON achievements (kind, slug, name, member_id)
INCLUDE (rank, valid_until)
""",
    """
GRANT SELECT ON achievements TO farout_app
""",
    """
CREATE FUNCTION name_parts_of(name text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
SELECT DISTINCT substr(lower(name), place, 3) FROM generate_series(1, length(lower(name)) - 2) AS place
$$
""",
    """
CREATE FUNCTION achieved(missions jsonb, trainings jsonb)
RETURNS TABLE (kind varchar, slug text, valid_until date) LANGUAGE sql STABLE AS $$
SELECT DISTINCT 'mission'::varchar, entry ->> 'slug', 'infinity'::date
FROM jsonb_array_elements(missions) AS entry WHERE entry ->> 'slug' IS NOT NULL
UNION ALL
SELECT 'training'::varchar, entry ->> 'slug', max(CASE
    WHEN entry ->> 'expires_at' IS NULL THEN 'infinity'
    WHEN pg_input_is_valid(entry ->> 'expires_at', 'date') THEN (entry ->> 'expires_at')::date
    ELSE '-infinity'
END)
FROM jsonb_array_elements(trainings) AS entry
WHERE entry ->> 'slug' IS NOT NULL AND entry ->> 'result' IN ('pass', 'waived')
GROUP BY 2
$$
""",
    """
CREATE FUNCTION listed_achievements(wanted bigint[])
RETURNS TABLE (
    member_id bigint, kind varchar, slug text, name text, rank varchar, valid_until date
) LANGUAGE sql STABLE AS $$
SELECT members.id, done.kind, done.slug, lower(members.display_name), members.rank, done.valid_until
FROM members, achieved(members.missions_completed, members.trainings_completed) AS done
WHERE members.id = ANY (wanted)
$$
""",
    """
CREATE FUNCTION list_achievements(changed bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    WITH listed AS MATERIALIZED (SELECT * FROM listed_achievements(changed)),
    gone AS (
        DELETE FROM achievements WHERE member_id = ANY (changed) AND NOT EXISTS (
            SELECT FROM listed WHERE listed.member_id = achievements.member_id
                AND listed.kind = achievements.kind AND listed.slug = achievements.slug
        )
    )
    INSERT INTO achievements (member_id, kind, slug, name, rank, valid_until)
    SELECT * FROM listed
    ON CONFLICT (member_id, kind, slug) DO UPDATE
        SET name = excluded.name, rank = excluded.rank, valid_until = excluded.valid_until
        WHERE (achievements.name, achievements.rank, achievements.valid_until)
            IS DISTINCT FROM (excluded.name, excluded.rank, excluded.valid_until);
END
$$
""",
    """
CREATE FUNCTION list_members(changed bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO name_parts (part, name, member_id)
    SELECT part, lower(display_name), id FROM members, name_parts_of(display_name) AS part
    WHERE id = ANY (changed)
    ON CONFLICT DO NOTHING;
    PERFORM list_achievements(changed);
END
$$
""",
    """
CREATE FUNCTION list_new_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM list_members(ARRAY(SELECT id FROM added));
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION list_changed_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    renamed bigint[] := ARRAY(
        SELECT id FROM taken JOIN added USING (id) WHERE taken.display_name <> added.display_name
    );
    changed bigint[] := ARRAY(
        SELECT id FROM taken JOIN added USING (id)
        WHERE (taken.display_name, taken.rank, taken.missions_completed, taken.trainings_completed)
            <> (added.display_name, added.rank, added.missions_completed, added.trainings_completed)
    );
BEGIN
    IF cardinality(renamed) > 0 THEN
        DELETE FROM name_parts USING taken, name_parts_of(taken.display_name) AS former
        WHERE taken.id = ANY (renamed) AND name_parts.part = former
            AND name_parts.name = lower(taken.display_name) AND name_parts.member_id = taken.id;
        INSERT INTO name_parts (part, name, member_id)
        SELECT part, lower(display_name), id FROM added, name_parts_of(display_name) AS part
        WHERE id = ANY (renamed);
    END IF;
    IF cardinality(changed) > 0 THEN
        PERFORM list_achievements(changed);
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION forget_members() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM name_parts USING taken, name_parts_of(taken.display_name) AS former
    WHERE name_parts.part = former AND name_parts.name = lower(taken.display_name)
        AND name_parts.member_id = taken.id;
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER members_list_insert AFTER INSERT ON members
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION list_new_members()
""",
    """
CREATE TRIGGER members_list_update AFTER UPDATE ON members
REFERENCING OLD TABLE AS taken NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION list_changed_members()
""",
    """
CREATE TRIGGER members_list_delete AFTER DELETE ON members
REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION forget_members()
""",
    """
SELECT list_members(ARRAY(SELECT id FROM members))
""",
)

RECORD_AS_TEXT = """
CREATE FUNCTION completion_text(entry completions) RETURNS text LANGUAGE sql STABLE AS $$
SELECT '{"v": 1,
        "id":' || coalesce('"' || entry.id || '"', 'null') || ',
        "slug":' || coalesce('"' || entry.slug || '"', 'null') || ',
        "title":' || coalesce(to_json(entry.title)::text, 'null') || ',
        "occurrence_id":' || coalesce('"' || entry.occurrence_id || '"', 'null') || ',
        "completed_at":' || left(
            to_json(date_trunc('second', entry.completed_at AT TIME ZONE 'UTC'))::text, -1) || 'Z"' || ',
        "points":' || entry.points || ',
        "awarded_by":' || coalesce('"' || entry.awarded_by || '"', 'null') || ',
        "awarded_at":' || left(
            to_json(date_trunc('second', entry.awarded_at AT TIME ZONE 'UTC'))::text, -1) || 'Z"' || ',
        "via":' || coalesce('"' || entry.via || '"', 'null') || ',
        "note":' || coalesce(to_json(entry.note)::text, 'null') || ',
        "evidence":' || array_to_json(entry.evidence)::text || CASE entry.kind
    WHEN 'mission' THEN ',
        "mission_id":' || coalesce('"' || entry.mission_id || '"', 'null') || ',
        "role":' || coalesce(to_json(entry.role)::text, 'null') || ',
        "outcome":' || coalesce('"' || entry.outcome || '"', 'null') || ',
        "minutes":' || coalesce(to_json(entry.minutes)::text, 'null')
    ELSE ',
        "training_id":' || coalesce('"' || entry.training_id || '"', 'null') || ',
        "level":' || entry.level || ',
        "result":' || coalesce('"' || entry.result || '"', 'null') || ',
        "score":' || coalesce(to_json(entry.score)::text, 'null') || ',
        "instructor_id":' || coalesce('"' || entry.instructor_uid || '"', 'null') || ',
        "expires_at":' || coalesce(to_json(entry.expires_on)::text, 'null')
END || '}'
$$
"""
PROJECTED_RECORD = """
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
"""
RECORD_AS_JSON = """
CREATE FUNCTION completion_entry(entry completions) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT CASE entry.kind
    WHEN 'mission' THEN jsonb_build_object(
        'v', 1,
        'id', entry.id,
        'slug', entry.slug,
        'title', entry.title,
        'occurrence_id', entry.occurrence_id,
        'completed_at',
            to_char(entry.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'points', entry.points,
        'awarded_by', entry.awarded_by,
        'awarded_at',
            to_char(entry.awarded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'via', entry.via,
        'note', entry.note,
        'evidence', entry.evidence,
        'mission_id', entry.mission_id,
        'role', entry.role,
        'outcome', entry.outcome,
        'minutes', entry.minutes
    )
    ELSE jsonb_build_object(
        'v', 1,
        'id', entry.id,
        'slug', entry.slug,
        'title', entry.title,
        'occurrence_id', entry.occurrence_id,
        'completed_at',
            to_char(entry.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'points', entry.points,
        'awarded_by', entry.awarded_by,
        'awarded_at',
            to_char(entry.awarded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'via', entry.via,
        'note', entry.note,
        'evidence', entry.evidence,
        'training_id', entry.training_id,
        'level', entry.level,
        'result', entry.result,
        'score', entry.score,
        'instructor_id', entry.instructor_uid,
        'expires_at', to_char(entry.expires_on, 'YYYY-MM-DD')
    )
END
$$
"""
PROJECTED_RECORD_BEFORE = """
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
            jsonb_agg(completion_entry(c) ORDER BY c.completed_at, c.id)
                FILTER (WHERE c.kind = 'mission') AS missions,
            jsonb_agg(completion_entry(c) ORDER BY c.completed_at, c.id)
                FILTER (WHERE c.kind = 'training') AS trainings,
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
"""
# The indexes of before found everybody who matched, for each page.
INDEXES_BEFORE = (
    "CREATE SCHEMA extensions",
    "CREATE EXTENSION pg_trgm SCHEMA extensions",
    """
CREATE INDEX members_display_name_trgm_idx ON members
USING gin (lower(display_name) extensions.gin_trgm_ops)
""",
    """
CREATE INDEX members_missions_completed_idx ON members
USING gin (missions_completed jsonb_path_ops)
""",
    """
CREATE INDEX members_trainings_completed_idx ON members
USING gin (trainings_completed jsonb_path_ops)
""",
)
SLUG_PLAIN = """
ALTER TABLE completions DROP CONSTRAINT completions_slug_plain_check,
    ADD CONSTRAINT completions_slug_plain_check CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{length}$')
"""


def upgrade() -> None:
    for statement in (*LISTING, RECORD_AS_TEXT, PROJECTED_RECORD):
        op.execute(statement)
    op.execute("DROP FUNCTION completion_entry")
    for name in ("display_name_trgm", "missions_completed", "trainings_completed"):
        op.execute(f"DROP INDEX members_{name}_idx")
    op.execute("DROP EXTENSION pg_trgm")
    op.execute("DROP SCHEMA extensions")
    op.execute(SLUG_PLAIN.replace("{length}", "*"))


def downgrade() -> None:
    op.execute(SLUG_PLAIN.replace("{length}", "{0,63}"))
    for statement in (*INDEXES_BEFORE, RECORD_AS_JSON, PROJECTED_RECORD_BEFORE):
        op.execute(statement)
    op.execute("DROP FUNCTION completion_text")
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER members_list_{event} ON members")
    for function in (
        "forget_members", "list_changed_members", "list_new_members", "list_members",
        "list_achievements",        "listed_achievements", "achieved", "name_parts_of",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("achievements")
    op.drop_table("name_parts")
