"""The log of what is counted beside the ledger: declared counters, and dates that were attended.

Triggers write it, whoever changes ``member_counters`` or ``attendance``, and rows are only added. So
a counter can be summed over any stretch of time, and a closed season can be counted anew.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    func,
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


LOG_COUNTERS = """
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
"""
LOG_ATTENDANCE = """
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
    LOG_COUNTERS,
    *log("member_counters", "log_counters"),
)
runs_after_create(
    Attendance.__table__,  # type: ignore[arg-type]
    LOG_ATTENDANCE,
    *log("attendance", "log_attendance"),
)
