"""The triggers that keep every profile equal to the ledger, whoever writes to the ledger.

A change rebuilds the three columns of the members it names from all of their live completions.
``project_record`` locks first and reads in a statement of its own, so that it sees what was
committed while it waited; the service has no right to write these columns itself.
"""

from backend.community.models.award import AwardGrant
from backend.community.models.completion import Completion
from backend.community.models.counter_change import CounterChange
from backend.tables import runs_after_create


# Text, because building JSON from key and value costs PostgreSQL several times as much as reading it,
# and a record is built anew whenever somebody is awarded something. Only what people have written can
# hold a quote; slugs, ids and the words of a choice cannot.
def _written(column: str) -> str:
    return f"coalesce(to_json(entry.{column})::text, 'null')"


def _quoted(column: str) -> str:
    return f"""coalesce('"' || entry.{column} || '"', 'null')"""


def _moment(column: str) -> str:
    second = f"date_trunc('second', entry.{column} AT TIME ZONE 'UTC')"
    return f"""left(\n            to_json({second})::text, -1) || 'Z"'"""


def _object(**values: str) -> str:
    return " || ',".join(f"""\n        "{name}":' || {value}""" for name, value in values.items())


_OF_BOTH = _object(
    id=_quoted("id"),
    slug=_quoted("slug"),
    title=_written("title"),
    occurrence_id=_quoted("occurrence_id"),
    completed_at=_moment("completed_at"),
    points="entry.points",
    awarded_by=_quoted("awarded_by"),
    awarded_at=_moment("awarded_at"),
    via=_quoted("via"),
    note=_written("note"),
    evidence="array_to_json(entry.evidence)::text",
)
_OF_MISSIONS = _object(
    mission_id=_quoted("mission_id"),
    role=_written("role"),
    outcome=_quoted("outcome"),
    minutes=_written("minutes"),
)
_OF_TRAININGS = _object(
    training_id=_quoted("training_id"),
    level="entry.level",
    result=_quoted("result"),
    score=_written("score"),
    instructor_id=_quoted("instructor_uid"),
    expires_at=_written("expires_on"),
)
COMPLETION_ENTRY = f"""
CREATE FUNCTION completion_text(entry completions) RETURNS text LANGUAGE sql STABLE AS $$
SELECT '{{"v": 1,{_OF_BOTH} || CASE entry.kind
    WHEN 'mission' THEN ',{_OF_MISSIONS}
    ELSE ',{_OF_TRAININGS}
END || '}}'
$$
"""
RECORD_TIME = """
CREATE FUNCTION record_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$
"""
# What the columns of these members should hold. Somebody without anything has the columns' defaults.
PROJECTED_RECORD = """
CREATE FUNCTION projected_record(wanted bigint[])
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
"""
PROJECT_RECORD = """
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
"""
# To plan these statements anew for each award would take longer than to run them, and whoever is
# awarded, the plan is the same: a few rows by their member.
FOLLOW_RECORD = """
CREATE FUNCTION follow_record() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT DISTINCT member_id FROM changed);
BEGIN
    PERFORM project_record(touched);
    PERFORM refresh_scores(touched);
    RETURN NULL;
END
$$
"""


def _follow(table: str, event: str, rows: str) -> str:
    return f"""
CREATE TRIGGER {table}_follow_{event} AFTER {event.upper()} ON {table}
REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_record()
"""


# follow_record has to be there first.
for followed in (CounterChange, AwardGrant):
    followed.__table__.add_is_dependent_on(Completion.__table__)  # type: ignore[attr-defined]
EVENTS = (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD"))
runs_after_create(
    Completion.__table__,  # type: ignore[arg-type]
    COMPLETION_ENTRY,
    RECORD_TIME,
    PROJECTED_RECORD,
    PROJECT_RECORD,
    FOLLOW_RECORD,
    *(_follow("completions", *one) for one in EVENTS),
)
runs_after_create(
    CounterChange.__table__,  # type: ignore[arg-type]
    *(_follow("counter_changes", *one) for one in EVENTS),
)
runs_after_create(
    AwardGrant.__table__,  # type: ignore[arg-type]
    *(_follow("award_grants", *one) for one in EVENTS),
)
