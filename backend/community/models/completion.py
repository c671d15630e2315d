from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.community.models.mission import Mission
from backend.community.models.occurrence import Occurrence
from backend.community.models.training import Training
from backend.tables import grants

WRITTEN = (
    "id", "member_id", "kind", "mission_id", "training_id", "occurrence_id", "repeat_on", "slug",
    "title", "role", "outcome", "minutes", "level", "result", "score", "instructor_uid",
    "expires_on", "points", "completed_at", "awarded_by", "awarded_at", "via", "note", "evidence",
)  # fmt: skip


class Completion(Base):
    """One entry of the ledger: a member completed a mission or a training.

    The service adds entries and reads them; PostgreSQL lets it do no more. Title, slug, level and
    points are what the catalogue said at that moment. ``revoked_at`` is written by the trigger of
    ``completion_revocations``, and the profile's columns by the triggers of ``projection.py``.
    """

    __tablename__ = "completions"
    __table_args__ = (
        CheckConstraint("kind::text IN ('mission', 'training')", "kind_known"),
        CheckConstraint(
            "CASE kind WHEN 'mission' THEN num_nonnulls(training_id, level, result, score,"
            " instructor_uid, expires_on, repeat_on) = 0 AND outcome IS NOT NULL"
            " ELSE num_nonnulls(mission_id, role, outcome, minutes) = 0"
            " AND level IS NOT NULL AND result IS NOT NULL END",
            "fields_of_kind",
        ),
        # The column bounds its length; to count in the expression costs ten times as much.
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]*$'", "slug_plain"),
        CheckConstraint("title <> ''", "title_given"),
        CheckConstraint(
            "outcome::text IN ('success', 'partial', 'failure', 'participated')", "outcome_known"
        ),
        CheckConstraint("minutes BETWEEN 0 AND 2880", "minutes_sane"),
        CheckConstraint("result::text IN ('pass', 'fail', 'waived')", "result_known"),
        CheckConstraint("score BETWEEN 0 AND 100", "score_sane"),
        CheckConstraint("level BETWEEN 1 AND 100", "level_sane"),
        CheckConstraint("points BETWEEN 0 AND 100000", "points_sane"),
        CheckConstraint("completed_at <= awarded_at + interval '5 minutes'", "not_in_the_future"),
        CheckConstraint(
            "expires_on >= (completed_at AT TIME ZONE 'UTC')::date", "expires_afterwards"
        ),
        CheckConstraint(
            "via::text IN ('web', 'bot', 'api', 'import', 'rule', 'legacy')", "via_known"
        ),
        CheckConstraint(
            "awarded_by IS NOT NULL OR via::text NOT IN ('web', 'bot')", "somebody_awarded"
        ),
        CheckConstraint(
            "via = 'legacy' OR num_nonnulls(mission_id, training_id) = 1", "of_the_catalogue"
        ),
        CheckConstraint(
            "cardinality(evidence) <= 5 AND array_to_string(evidence, ' ', '-')"
            " ~ '^(https://[^ ]+( |$))*$'",
            "evidence_links",
        ),
        # The same thing once: a mission without a date, an occurrence, a training on one day.
        Index(
            "completions_once_key",
            "member_id", "mission_id", "training_id", "occurrence_id", "repeat_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text(
                "revoked_at IS NULL AND (mission_id IS NOT NULL OR training_id IS NOT NULL)"
            ),
        ),
        Index("completions_member_id_idx", "member_id", "id"),
        Index(
            "completions_mission_id_idx", "mission_id", "id",
            postgresql_where=text("revoked_at IS NULL AND mission_id IS NOT NULL"),
        ),
        Index(
            "completions_completed_at_idx", "completed_at",
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index(
            "completions_expires_on_idx", "expires_on", "id",
            postgresql_where=text("revoked_at IS NULL AND expires_on IS NOT NULL"),
        ),
        Index(
            "completions_training_id_idx", "training_id", "id",
            postgresql_where=text("revoked_at IS NULL AND training_id IS NOT NULL"),
        ),
        grants(farout_app=f"SELECT, INSERT ({', '.join(WRITTEN)})"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id))
    kind: Mapped[str] = mapped_column(String(8))
    mission_id: Mapped[UUID | None] = mapped_column(ForeignKey(Mission.id))
    training_id: Mapped[UUID | None] = mapped_column(ForeignKey(Training.id))
    occurrence_id: Mapped[UUID | None] = mapped_column(ForeignKey(Occurrence.id))
    # The day of a training passed outside a class, which may be passed again on another day.
    repeat_on: Mapped[date | None] = mapped_column(Date)
    slug: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(120))
    role: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(16))
    minutes: Mapped[int | None] = mapped_column(Integer)
    level: Mapped[int | None] = mapped_column(SmallInteger)
    result: Mapped[str | None] = mapped_column(String(8))
    score: Mapped[float | None] = mapped_column(Double)
    # No foreign keys: the record outlives the people who wrote it.
    instructor_uid: Mapped[UUID | None] = mapped_column(Uuid)
    expires_on: Mapped[date | None] = mapped_column(Date)
    points: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    completed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    awarded_by: Mapped[UUID | None] = mapped_column(Uuid)
    awarded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # When the row came, by the clock: closing a season asks what was there at that moment.
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    via: Mapped[str] = mapped_column(String(8))
    note: Mapped[str | None] = mapped_column(String(500))
    evidence: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
