"""The log of what is counted beside the ledger: declared counters, and dates that were attended.

Triggers write it, whoever changes ``member_counters`` or ``attendance``, and rows are only added. So
a counter can be summed over any stretch of time, and a closed season can be counted anew.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.attendance import Attendance
from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.community.models.member_counter import MemberCounter
from backend.tables import grants, runs_after_create


class CounterChange(Base):
    """By how much a member's counter changed, and at which moment that counts."""

    __tablename__ = "counter_changes"
    __table_args__ = (
        CheckConstraint("change <> 0", "changes_something"),
        Index("counter_changes_member_id_idx", "member_id", "counted_at"),
        Index("counter_changes_counted_at_idx", "counted_at"),
        grants(farout_app="SELECT"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id))
    # A declared counter, or `events_attended`.
    counter: Mapped[str] = mapped_column(String(40))
    change: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    # By the clock: closing a season asks what was there at that moment.
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    # What an export calls it, so that importing it twice adds it once.
    entry_id: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("uuidv7()"))


# Both log by how much the log differs from what is there: it adds up to that, whatever came before.
COUNT_COUNTERS = """
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
"""
COUNT_ATTENDANCE = """
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
"""
# Where the log says it already, nothing is logged, and the profile has to follow from here.
LOG_COUNTERS = """
CREATE FUNCTION log_counters() RETURNS trigger LANGUAGE plpgsql
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
"""
LOG_ATTENDANCE = """
CREATE FUNCTION log_attendance() RETURNS trigger LANGUAGE plpgsql
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
"""


def log(table: str, function: str) -> tuple[str, ...]:
    """Return the triggers that hand a table's changed rows to a function."""
    transitions = {
        "insert": "NEW TABLE AS added",
        "update": "NEW TABLE AS added OLD TABLE AS taken",
        "delete": "OLD TABLE AS taken",
    }
    return tuple(
        f"""
CREATE TRIGGER {table}_log_{event} AFTER {event.upper()} ON {table}
REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {function}()
"""
        for event, rows in transitions.items()
    )


for logged in (MemberCounter, Attendance):
    logged.__table__.add_is_dependent_on(CounterChange.__table__)  # type: ignore[attr-defined]
runs_after_create(
    MemberCounter.__table__,  # type: ignore[arg-type]
    COUNT_COUNTERS,
    LOG_COUNTERS,
    *log("member_counters", "log_counters"),
)
runs_after_create(
    Attendance.__table__,  # type: ignore[arg-type]
    COUNT_ATTENDANCE,
    LOG_ATTENDANCE,
    *log("attendance", "log_attendance"),
)
