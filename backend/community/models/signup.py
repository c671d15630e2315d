from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Sequence,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.departure import Departure
from backend.community.models.member import Member
from backend.community.models.mirrored_user import MirroredUser
from backend.community.models.occurrence import Occurrence
from backend.community.models.occurrence_slot import OccurrenceSlot
from backend.tables import grant_sequence, grants, runs_after_create

# Taken while the occurrence is locked, so the numbers follow the order in which people came.
QUEUE = Sequence("signup_queue", metadata=Base.metadata)
grant_sequence(QUEUE, farout_app="USAGE")


class Signup(Base):
    """A member's place at an occurrence: a seat, a place in the queue, or neither yet or any more.

    A seat has a number, and no number is given twice: so no race can seat one too many.
    """

    __tablename__ = "signups"
    __table_args__ = (
        ForeignKeyConstraint(
            ["slot_id", "occurrence_id"], [OccurrenceSlot.id, OccurrenceSlot.occurrence_id]
        ),
        CheckConstraint(
            "status::text IN ('pending', 'seated', 'waitlisted', 'withdrawn')", "status_known"
        ),
        CheckConstraint("(status = 'seated') = (seat IS NOT NULL)", "seated_on_a_seat"),
        UniqueConstraint("slot_id", "seat"),
        Index("signups_occurrence_id_queue_idx", "occurrence_id", "queue"),
        Index("signups_member_id_idx", "member_id", "occurrence_id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    occurrence_id: Mapped[UUID] = mapped_column(ForeignKey(Occurrence.id), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id), primary_key=True)
    slot_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(12), server_default=text("'waitlisted'"))
    seat: Mapped[int | None] = mapped_column(SmallInteger)
    queue: Mapped[int] = mapped_column(BigInteger, QUEUE, server_default=QUEUE.next_value())
    signed_up_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


# The one way onto a seat, for whoever has locked the occurrence: free seats go to those who wait.
SEAT_WAITING = """
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
"""
# Whoever is gone holds no seat: the next in the queue moves up in the same transaction.
GIVE_UP_SEATS = """
CREATE FUNCTION give_up_seats(leaver bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    left_behind uuid;
BEGIN
    FOR left_behind IN
        SELECT occurrences.id FROM occurrences
        JOIN signups ON signups.occurrence_id = occurrences.id
        WHERE signups.member_id = leaver AND signups.status <> 'withdrawn'
            AND occurrences.status IN ('planned', 'open', 'locked')
            AND occurrences.starts_at > now()
        ORDER BY occurrences.id FOR UPDATE OF occurrences
    LOOP
        UPDATE signups SET status = 'withdrawn', seat = NULL
        WHERE occurrence_id = left_behind AND member_id = leaver;
        PERFORM seat_waiting(left_behind);
    END LOOP;
END
$$
"""
LEAVE_SEATS = """
CREATE FUNCTION leave_seats() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'departures' THEN
        PERFORM give_up_seats(NEW.member_id);
    ELSE
        PERFORM give_up_seats(id) FROM members WHERE discord_id = OLD.discord_id;
    END IF;
    RETURN NULL;
END
$$
"""
LEAVE_SEATS_TRIGGER = """
CREATE TRIGGER userbase_leave_seats AFTER UPDATE ON userbase
FOR EACH ROW WHEN (
    OLD.discord_id IS NOT NULL AND OLD.is_active
    AND (NOT NEW.is_active OR NEW.discord_id IS DISTINCT FROM OLD.discord_id)
) EXECUTE FUNCTION leave_seats()
"""
DEPARTURE_TRIGGER = """
CREATE TRIGGER departures_leave_seats AFTER INSERT ON departures
FOR EACH ROW EXECUTE FUNCTION leave_seats()
"""
for watched in (MirroredUser, Departure):
    Signup.__table__.add_is_dependent_on(watched.__table__)  # type: ignore[attr-defined]
runs_after_create(
    Signup.__table__,  # type: ignore[arg-type]
    SEAT_WAITING,
    GIVE_UP_SEATS,
    LEAVE_SEATS,
    LEAVE_SEATS_TRIGGER,
    DEPARTURE_TRIGGER,
)
