"""Create the dates of missions and trainings, with their seats and reports.

Revises: b3c5d0a91e27
Created: 2026-11-21
"""

from alembic import op

revision = "5a7f20cd3e94"
down_revision = "b3c5d0a91e27"
branch_labels = None
depends_on = None

OCCURRENCES = (
    """
CREATE TABLE occurrences (
    id UUID DEFAULT uuidv7() NOT NULL,
    mission_id UUID,
    training_id UUID,
    status VARCHAR(12) DEFAULT 'open' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    signups_close_at TIMESTAMP WITH TIME ZONE,
    place VARCHAR(120),
    details TEXT,
    leader_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    CONSTRAINT occurrences_pkey PRIMARY KEY (id),
    CONSTRAINT occurrences_of_one_thing_check CHECK (num_nonnulls(mission_id, training_id) = 1),
    CONSTRAINT occurrences_ends_afterwards_check CHECK (ends_at > starts_at),
    CONSTRAINT occurrences_status_known_check CHECK (status::text IN ('planned', 'open',
        'locked', 'completed', 'cancelled')),
    CONSTRAINT occurrences_mission_id_fkey FOREIGN KEY(mission_id) REFERENCES missions (id),
    CONSTRAINT occurrences_training_id_fkey FOREIGN KEY(training_id) REFERENCES trainings (id),
    CONSTRAINT occurrences_leader_id_fkey FOREIGN KEY(leader_id) REFERENCES members (id) ON
        DELETE SET NULL
)
""",
    """
CREATE INDEX occurrences_mission_id_idx ON occurrences (mission_id, starts_at, id)
""",
    """
CREATE INDEX occurrences_starts_at_idx ON occurrences (starts_at, id)
""",
    """
CREATE INDEX occurrences_training_id_idx ON occurrences (training_id, starts_at, id)
""",
    """
GRANT SELECT, INSERT, UPDATE ON occurrences TO farout_app
""",
    """
CREATE TABLE occurrence_slots (
    id UUID DEFAULT uuidv7() NOT NULL,
    occurrence_id UUID NOT NULL,
    name VARCHAR(64) NOT NULL,
    capacity SMALLINT NOT NULL,
    position SMALLINT DEFAULT 0 NOT NULL,
    CONSTRAINT occurrence_slots_pkey PRIMARY KEY (id),
    CONSTRAINT occurrence_slots_capacity_sane_check CHECK (capacity BETWEEN 0 AND 1000),
    CONSTRAINT occurrence_slots_occurrence_id_name_key UNIQUE (occurrence_id, name),
    CONSTRAINT occurrence_slots_id_occurrence_id_key UNIQUE (id, occurrence_id),
    CONSTRAINT occurrence_slots_occurrence_id_fkey FOREIGN KEY(occurrence_id) REFERENCES
        occurrences (id)
)
""",
    """
GRANT SELECT, INSERT, UPDATE ON occurrence_slots TO farout_app
""",
)
SIGNUPS = (
    """
CREATE TABLE signups (
    occurrence_id UUID NOT NULL,
    member_id BIGINT NOT NULL,
    slot_id UUID NOT NULL,
    status VARCHAR(12) DEFAULT 'waitlisted' NOT NULL,
    seat SMALLINT,
    queue BIGINT DEFAULT nextval('signup_queue') NOT NULL,
    signed_up_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT signups_pkey PRIMARY KEY (occurrence_id, member_id),
    CONSTRAINT signups_slot_id_occurrence_id_fkey FOREIGN KEY(slot_id, occurrence_id)
        REFERENCES occurrence_slots (id, occurrence_id),
    CONSTRAINT signups_status_known_check CHECK (status::text IN ('seated', 'waitlisted',
        'withdrawn')),
    CONSTRAINT signups_seated_on_a_seat_check CHECK ((status = 'seated') = (seat IS NOT NULL)),
    CONSTRAINT signups_slot_id_seat_key UNIQUE (slot_id, seat),
    CONSTRAINT signups_occurrence_id_fkey FOREIGN KEY(occurrence_id) REFERENCES occurrences
        (id),
    CONSTRAINT signups_member_id_fkey FOREIGN KEY(member_id) REFERENCES members (id)
)
""",
    """
CREATE INDEX signups_member_id_idx ON signups (member_id, occurrence_id)
""",
    """
CREATE INDEX signups_occurrence_id_queue_idx ON signups (occurrence_id, queue)
""",
    """
CREATE FUNCTION seat_waiting(wanted uuid) RETURNS SETOF bigint LANGUAGE sql AS $$
WITH free AS (
    SELECT slot.id AS slot_id, one.seat,
        row_number() OVER (PARTITION BY slot.id ORDER BY one.seat) AS turn
    FROM occurrence_slots slot CROSS JOIN generate_series(1, slot.capacity) AS one (seat)
    WHERE slot.occurrence_id = wanted AND NOT EXISTS (
        SELECT FROM signups taken WHERE taken.slot_id = slot.id AND taken.seat = one.seat
    )
),
waiting AS (
    SELECT member_id, slot_id, row_number() OVER (PARTITION BY slot_id ORDER BY queue) AS turn
    FROM signups WHERE occurrence_id = wanted AND status = 'waitlisted'
)
UPDATE signups SET status = 'seated', seat = free.seat
FROM waiting JOIN free ON free.slot_id = waiting.slot_id AND free.turn = waiting.turn
WHERE signups.occurrence_id = wanted AND signups.member_id = waiting.member_id
RETURNING signups.member_id
$$
""",
    """
CREATE FUNCTION leave_seats() RETURNS trigger LANGUAGE plpgsql
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
    """
CREATE TRIGGER userbase_leave_seats AFTER UPDATE ON userbase
FOR EACH ROW WHEN (
    OLD.discord_id IS NOT NULL AND OLD.is_active
    AND (NOT NEW.is_active OR NEW.discord_id IS DISTINCT FROM OLD.discord_id)
) EXECUTE FUNCTION leave_seats()
""",
    """
GRANT SELECT, INSERT, UPDATE ON signups TO farout_app
""",
)
REPORTS = (
    """
CREATE TABLE reports (
    occurrence_id UUID NOT NULL,
    body TEXT,
    revision INTEGER DEFAULT 1 NOT NULL,
    written_by UUID,
    written_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT reports_pkey PRIMARY KEY (occurrence_id),
    CONSTRAINT reports_occurrence_id_fkey FOREIGN KEY(occurrence_id) REFERENCES occurrences (id)
)
""",
    """
GRANT SELECT, INSERT, UPDATE ON reports TO farout_app
""",
    """
CREATE TABLE attendance (
    occurrence_id UUID NOT NULL,
    member_id BIGINT NOT NULL,
    status VARCHAR(12) NOT NULL,
    role VARCHAR(64),
    outcome VARCHAR(16),
    minutes INTEGER,
    points INTEGER,
    result VARCHAR(8),
    score DOUBLE PRECISION,
    note VARCHAR(500),
    completion_id UUID,
    CONSTRAINT attendance_pkey PRIMARY KEY (occurrence_id, member_id),
    CONSTRAINT attendance_status_known_check CHECK (status::text IN ('attended', 'excused',
        'no_show')),
    CONSTRAINT attendance_outcome_known_check CHECK (outcome::text IN ('success', 'partial',
        'failure', 'participated')),
    CONSTRAINT attendance_result_known_check CHECK (result::text IN ('pass', 'fail')),
    CONSTRAINT attendance_minutes_sane_check CHECK (minutes BETWEEN 0 AND 2880),
    CONSTRAINT attendance_score_sane_check CHECK (score BETWEEN 0 AND 100),
    CONSTRAINT attendance_points_sane_check CHECK (points BETWEEN 0 AND 100000),
    CONSTRAINT attendance_occurrence_id_fkey FOREIGN KEY(occurrence_id) REFERENCES occurrences
        (id),
    CONSTRAINT attendance_member_id_fkey FOREIGN KEY(member_id) REFERENCES members (id),
    CONSTRAINT attendance_completion_id_fkey FOREIGN KEY(completion_id) REFERENCES completions
        (id)
)
""",
    """
CREATE INDEX attendance_completion_id_idx ON attendance (completion_id)
""",
    """
CREATE INDEX attendance_member_id_idx ON attendance (member_id, occurrence_id)
""",
    """
GRANT SELECT, INSERT, UPDATE, DELETE ON attendance TO farout_app
""",
)

QUEUE = (
    "CREATE SEQUENCE signup_queue",
    "GRANT USAGE ON SEQUENCE signup_queue TO farout_app",
)
LINK = """
ALTER TABLE completions ADD CONSTRAINT completions_occurrence_id_fkey
    FOREIGN KEY (occurrence_id) REFERENCES occurrences (id)
"""


def upgrade() -> None:
    for statement in (*OCCURRENCES, LINK, *QUEUE, *SIGNUPS, *REPORTS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("attendance")
    op.drop_table("reports")
    op.execute("DROP TRIGGER userbase_leave_seats ON userbase")
    op.execute("DROP FUNCTION leave_seats")
    op.execute("DROP FUNCTION seat_waiting")
    op.drop_table("signups")
    op.execute("DROP SEQUENCE signup_queue")
    op.execute("ALTER TABLE completions DROP CONSTRAINT completions_occurrence_id_fkey")
    op.drop_table("occurrence_slots")
    op.drop_table("occurrences")
