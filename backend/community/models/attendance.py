from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.completion import Completion
from backend.community.models.member import Member
from backend.community.models.occurrence import Occurrence
from backend.tables import grants


class Attendance(Base):
    """One line of a report: whether a member was there, how it went, and what they got for it."""

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("status::text IN ('attended', 'excused', 'no_show')", "status_known"),
        CheckConstraint(
            "outcome::text IN ('success', 'partial', 'failure', 'participated')", "outcome_known"
        ),
        CheckConstraint("result::text IN ('pass', 'fail')", "result_known"),
        CheckConstraint("minutes BETWEEN 0 AND 2880", "minutes_sane"),
        CheckConstraint("score BETWEEN 0 AND 100", "score_sane"),
        CheckConstraint("points BETWEEN 0 AND 100000", "points_sane"),
        Index("attendance_member_id_idx", "member_id", "occurrence_id"),
        Index("attendance_completion_id_idx", "completion_id"),
        grants(farout_app="SELECT, INSERT, UPDATE, DELETE"),
    )

    occurrence_id: Mapped[UUID] = mapped_column(ForeignKey(Occurrence.id), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    role: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(16))
    minutes: Mapped[int | None] = mapped_column(Integer)
    points: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str | None] = mapped_column(String(8))
    score: Mapped[float | None] = mapped_column(Double)
    note: Mapped[str | None] = mapped_column(String(500))
    completion_id: Mapped[UUID | None] = mapped_column(ForeignKey(Completion.id))
