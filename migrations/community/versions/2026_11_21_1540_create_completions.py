"""Create the ledger of completions with its catalogues, and let the profiles follow it.

Revises: 5f90b3e72d48
Created: 2026-11-21
"""

from alembic import op

revision = "b3c5d0a91e27"
down_revision = "5f90b3e72d48"
branch_labels = None
depends_on = None

CATALOGUES = (
    """
CREATE TABLE missions (
    id UUID DEFAULT uuidv7() NOT NULL,
    slug VARCHAR(64) NOT NULL,
    title VARCHAR(120) NOT NULL,
    briefing TEXT,
    points INTEGER DEFAULT 0 NOT NULL,
    minutes INTEGER,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT missions_pkey PRIMARY KEY (id),
    CONSTRAINT missions_slug_plain_check CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    CONSTRAINT missions_points_sane_check CHECK (points BETWEEN 0 AND 100000),
    CONSTRAINT missions_minutes_sane_check CHECK (minutes BETWEEN 0 AND 2880),
    CONSTRAINT missions_slug_key UNIQUE (slug)
)
""",
    """
CREATE INDEX missions_lower_title_idx ON missions (lower(title), id)
""",
    """
GRANT SELECT, INSERT, UPDATE ON missions TO farout_app
""",
    """
CREATE TABLE trainings (
    id UUID DEFAULT uuidv7() NOT NULL,
    slug VARCHAR(64) NOT NULL,
    title VARCHAR(120) NOT NULL,
    description TEXT,
    level SMALLINT DEFAULT 1 NOT NULL,
    points INTEGER DEFAULT 0 NOT NULL,
    valid_days INTEGER,
    minimum_rank VARCHAR(64),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT trainings_pkey PRIMARY KEY (id),
    CONSTRAINT trainings_slug_plain_check CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    CONSTRAINT trainings_level_sane_check CHECK (level BETWEEN 1 AND 100),
    CONSTRAINT trainings_points_sane_check CHECK (points BETWEEN 0 AND 100000),
    CONSTRAINT trainings_valid_days_sane_check CHECK (valid_days BETWEEN 1 AND 3660),
    CONSTRAINT trainings_slug_key UNIQUE (slug),
    CONSTRAINT trainings_minimum_rank_fkey FOREIGN KEY(minimum_rank) REFERENCES ranks (code)
)
""",
    """
CREATE INDEX trainings_lower_title_idx ON trainings (lower(title), id)
""",
    """
GRANT SELECT, INSERT, UPDATE ON trainings TO farout_app
""",
    """
CREATE TABLE training_instructors (
    training_id UUID NOT NULL,
    member_id BIGINT NOT NULL,
    listed_by UUID,
    listed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT training_instructors_pkey PRIMARY KEY (training_id, member_id),
    CONSTRAINT training_instructors_training_id_fkey FOREIGN KEY(training_id) REFERENCES
        trainings (id),
    CONSTRAINT training_instructors_member_id_fkey FOREIGN KEY(member_id) REFERENCES members
        (id)
)
""",
    """
CREATE INDEX training_instructors_member_id_idx ON training_instructors (member_id)
""",
    """
GRANT SELECT, INSERT, DELETE ON training_instructors TO farout_app
""",
    """
CREATE TABLE training_prerequisites (
    training_id UUID NOT NULL,
    required_id UUID NOT NULL,
    CONSTRAINT training_prerequisites_pkey PRIMARY KEY (training_id, required_id),
    CONSTRAINT training_prerequisites_not_itself_check CHECK (training_id <> required_id),
    CONSTRAINT training_prerequisites_training_id_fkey FOREIGN KEY(training_id) REFERENCES
        trainings (id),
    CONSTRAINT training_prerequisites_required_id_fkey FOREIGN KEY(required_id) REFERENCES
        trainings (id)
)
""",
    """
CREATE INDEX training_prerequisites_required_id_idx ON training_prerequisites (required_id)
""",
    """
GRANT SELECT, INSERT, DELETE ON training_prerequisites TO farout_app
""",
)
COUNTERS = (
    """
CREATE TABLE counters (
    key VARCHAR(40) NOT NULL,
    title VARCHAR(120) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    CONSTRAINT counters_pkey PRIMARY KEY (key),
    CONSTRAINT counters_key_plain_check CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT counters_not_derived_check CHECK (key::text NOT IN ('missions_completed',
        'trainings_completed', 'points', 'minutes_in_ops'))
)
""",
    """
GRANT SELECT, INSERT, UPDATE ON counters TO farout_app
""",
)
LEDGER = (
    """
CREATE TABLE completions (
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id BIGINT NOT NULL,
    kind VARCHAR(8) NOT NULL,
    mission_id UUID,
    training_id UUID,
    occurrence_id UUID,
    repeat_on DATE,
    slug VARCHAR(64) NOT NULL,
    title VARCHAR(120) NOT NULL,
    role VARCHAR(64),
    outcome VARCHAR(16),
    minutes INTEGER,
    level SMALLINT,
    result VARCHAR(8),
    score DOUBLE PRECISION,
    instructor_uid UUID,
    expires_on DATE,
    points INTEGER DEFAULT 0 NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    awarded_by UUID,
    awarded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    via VARCHAR(8) NOT NULL,
    note VARCHAR(500),
    evidence TEXT[] DEFAULT '{}'::text[] NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT completions_pkey PRIMARY KEY (id),
    CONSTRAINT completions_kind_known_check CHECK (kind::text IN ('mission', 'training')),
    CONSTRAINT completions_fields_of_kind_check CHECK (CASE kind WHEN 'mission' THEN
        num_nonnulls(training_id, level, result, score, instructor_uid, expires_on, repeat_on)
        = 0 AND outcome IS NOT NULL ELSE num_nonnulls(mission_id, role, outcome, minutes) = 0
        AND level IS NOT NULL AND result IS NOT NULL END),
    CONSTRAINT completions_slug_plain_check CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    CONSTRAINT completions_title_given_check CHECK (title <> ''),
    CONSTRAINT completions_outcome_known_check CHECK (outcome::text IN ('success', 'partial',
        'failure', 'participated')),
    CONSTRAINT completions_minutes_sane_check CHECK (minutes BETWEEN 0 AND 2880),
    CONSTRAINT completions_result_known_check CHECK (result::text IN ('pass', 'fail',
        'waived')),
    CONSTRAINT completions_score_sane_check CHECK (score BETWEEN 0 AND 100),
    CONSTRAINT completions_level_sane_check CHECK (level BETWEEN 1 AND 100),
    CONSTRAINT completions_points_sane_check CHECK (points BETWEEN 0 AND 100000),
    CONSTRAINT completions_not_in_the_future_check CHECK (completed_at <= awarded_at +
        interval '5 minutes'),
    CONSTRAINT completions_expires_afterwards_check CHECK (expires_on >= (completed_at AT TIME
        ZONE 'UTC')::date),
    CONSTRAINT completions_via_known_check CHECK (via::text IN ('web', 'bot', 'api', 'import',
        'rule', 'legacy')),
    CONSTRAINT completions_somebody_awarded_check CHECK (awarded_by IS NOT NULL OR via::text
        NOT IN ('web', 'bot')),
    CONSTRAINT completions_of_the_catalogue_check CHECK (via = 'legacy' OR
        num_nonnulls(mission_id, training_id) = 1),
    CONSTRAINT completions_evidence_links_check CHECK (cardinality(evidence) <= 5 AND
        array_to_string(evidence, ' ', '-') ~ '^(https://[^ ]+( |$))*$'),
    CONSTRAINT completions_member_id_fkey FOREIGN KEY(member_id) REFERENCES members (id),
    CONSTRAINT completions_mission_id_fkey FOREIGN KEY(mission_id) REFERENCES missions (id),
    CONSTRAINT completions_training_id_fkey FOREIGN KEY(training_id) REFERENCES trainings (id)
)
""",
    """
CREATE INDEX completions_member_id_idx ON completions (member_id, id)
""",
    """
CREATE INDEX completions_mission_id_idx ON completions (mission_id, id) WHERE revoked_at IS
    NULL AND mission_id IS NOT NULL
""",
    """
CREATE UNIQUE INDEX completions_once_key ON completions (member_id, mission_id, training_id,
    occurrence_id, repeat_on) NULLS NOT DISTINCT WHERE revoked_at IS NULL AND (mission_id IS
    NOT NULL OR training_id IS NOT NULL)
""",
    """
CREATE INDEX completions_training_id_idx ON completions (training_id, id) WHERE revoked_at IS
    NULL AND training_id IS NOT NULL
""",
    """
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
""",
    """
CREATE FUNCTION projected_record(wanted bigint[])
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
""",
    """
CREATE FUNCTION project_record(changed bigint[]) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    written integer;
BEGIN
    PERFORM FROM members WHERE id = ANY (changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE members SET
        missions_completed = record.missions,
        trainings_completed = record.trainings,
        stats = record.stats
    FROM projected_record(changed) record
    WHERE members.id = record.member_id
        AND (members.missions_completed, members.trainings_completed, members.stats)
            IS DISTINCT FROM (record.missions, record.trainings, record.stats);
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$
""",
    """
CREATE FUNCTION follow_record() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM project_record(ARRAY(SELECT DISTINCT member_id FROM changed));
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER completions_follow_insert AFTER INSERT ON completions
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER completions_follow_update AFTER UPDATE ON completions
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
CREATE TRIGGER completions_follow_delete AFTER DELETE ON completions
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
""",
    """
GRANT SELECT, INSERT (id, member_id, kind, mission_id, training_id, occurrence_id, repeat_on,
    slug, title, role, outcome, minutes, level, result, score, instructor_uid, expires_on,
    points, completed_at, awarded_by, awarded_at, via, note, evidence) ON completions TO
    farout_app
""",
    """
CREATE TABLE completion_revocations (
    completion_id UUID NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    revoked_by UUID,
    reason VARCHAR(500) NOT NULL,
    CONSTRAINT completion_revocations_pkey PRIMARY KEY (completion_id),
    CONSTRAINT completion_revocations_reason_given_check CHECK (reason <> ''),
    CONSTRAINT completion_revocations_completion_id_fkey FOREIGN KEY(completion_id) REFERENCES
        completions (id)
)
""",
    """
CREATE FUNCTION revoke_completions() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE completions SET revoked_at = changed.revoked_at
    FROM changed WHERE completions.id = changed.completion_id;
    RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER completion_revocations_revoke AFTER INSERT ON completion_revocations
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revoke_completions()
""",
    """
GRANT SELECT, INSERT ON completion_revocations TO farout_app
""",
)
VALUES = (
    """
CREATE TABLE idempotency_keys (
    actor_uid UUID NOT NULL,
    key VARCHAR(200) NOT NULL,
    fingerprint BYTEA NOT NULL,
    status INTEGER,
    answer JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor_uid, key)
)
""",
    """
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at)
""",
    """
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO farout_app
""",
    """
CREATE TABLE member_counters (
    member_id BIGINT NOT NULL,
    counter VARCHAR(40) NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT member_counters_pkey PRIMARY KEY (member_id, counter),
    CONSTRAINT member_counters_value_sane_check CHECK (value BETWEEN 0 AND 9007199254740991),
    CONSTRAINT member_counters_member_id_fkey FOREIGN KEY(member_id) REFERENCES members (id),
    CONSTRAINT member_counters_counter_fkey FOREIGN KEY(counter) REFERENCES counters (key)
)
""",
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
    """
GRANT SELECT, INSERT, UPDATE ON member_counters TO farout_app
""",
)

# What stood in the profiles before there was a ledger: names, or objects with a name.
KEEP_OLD = """
CREATE TEMPORARY TABLE old_records ON COMMIT DROP AS
SELECT id AS member_id, created_at, missions_completed, trainings_completed, stats
FROM members WHERE (missions_completed, trainings_completed, stats)
    IS DISTINCT FROM ('[]'::jsonb, '[]'::jsonb, '{}'::jsonb)
"""
LEGACY = """
WITH old AS (
    SELECT member_id, created_at, 'mission' AS kind, entry, place
    FROM old_records, jsonb_array_elements(missions_completed) WITH ORDINALITY AS e (entry, place)
    UNION ALL
    SELECT member_id, created_at, 'training', entry, place
    FROM old_records, jsonb_array_elements(trainings_completed) WITH ORDINALITY AS e (entry, place)
),
named AS (
    SELECT old.*, left(btrim(CASE jsonb_typeof(entry)
        WHEN 'string' THEN entry #>> '{}'
        WHEN 'object' THEN coalesce(entry ->> 'name', entry ->> 'title', entry ->> 'slug', '')
        ELSE '' END), 120) AS title
    FROM old
)
INSERT INTO completions (member_id, kind, slug, title, outcome, level, result, completed_at, via)
SELECT member_id, kind,
    coalesce(nullif(left(btrim(regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g'), '-'), 64), ''),
        'unnamed'),
    title,
    CASE kind WHEN 'mission' THEN 'participated' END,
    CASE kind WHEN 'training' THEN 1 END,
    CASE kind WHEN 'training' THEN 'pass' END,
    least(created_at, now()), 'legacy'
FROM named WHERE title <> '' ORDER BY member_id, place
"""
LEGACY_COUNTERS = """
WITH old AS (
    SELECT member_id, key, value FROM old_records, jsonb_each(stats)
    WHERE key ~ '^[a-z][a-z0-9_]{0,39}$'
        AND key NOT IN ('missions_completed', 'trainings_completed', 'points', 'minutes_in_ops')
        AND CASE jsonb_typeof(value) WHEN 'number' THEN
            value::numeric BETWEEN 0 AND 9007199254740991 AND value::numeric % 1 = 0
            ELSE false END
),
declared AS (
    INSERT INTO counters (key, title)
    SELECT DISTINCT key, initcap(replace(key, '_', ' ')) FROM old RETURNING key
)
INSERT INTO member_counters (member_id, counter, value)
SELECT member_id, old.key, value::bigint FROM old JOIN declared ON declared.key = old.key
"""
PROJECT_EVERYBODY = "SELECT project_record(ARRAY(SELECT id FROM members))"
MEMBERS = (
    """
ALTER TABLE members
    ADD CONSTRAINT members_within_length_check CHECK (
        jsonb_array_length(missions_completed) <= 5000
        AND jsonb_array_length(trainings_completed) <= 5000
    ),
    ADD CONSTRAINT members_versioned_documents_check CHECK (
        NOT missions_completed @? '$[*] ? (!(@.v == 1))'::jsonpath
        AND NOT trainings_completed @? '$[*] ? (!(@.v == 1))'::jsonpath
        AND (stats = '{}'::jsonb OR stats @> '{"v": 1}'::jsonb)
    )
""",
    "REVOKE INSERT, UPDATE ON members FROM farout_app, farout_sync",
    """
GRANT INSERT (discord_id, display_name, bio, avatar_url, rank, created_at),
    UPDATE (display_name, bio, avatar_url, rank) ON members TO farout_app
""",
    """
GRANT INSERT (discord_id, display_name, bio, avatar_url, rank, created_at)
    ON members TO farout_sync
""",
)


def upgrade() -> None:
    for statement in (*CATALOGUES, *COUNTERS, *LEDGER, *VALUES):
        op.execute(statement)
    for statement in (KEEP_OLD, LEGACY_COUNTERS, LEGACY, PROJECT_EVERYBODY, *MEMBERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE members DROP CONSTRAINT members_within_length_check")
    op.execute("ALTER TABLE members DROP CONSTRAINT members_versioned_documents_check")
    op.execute("GRANT INSERT, UPDATE ON members TO farout_app")
    op.execute("GRANT INSERT ON members TO farout_sync")
    op.execute("DROP FUNCTION completion_entry")
    for table in (
        "idempotency_keys", "member_counters", "counters", "completion_revocations", "completions",
        "training_instructors", "training_prerequisites", "trainings", "missions",
    ):  # fmt: skip
        op.drop_table(table)
    for function in (
        "revoke_completions", "follow_record", "project_record", "projected_record",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
