from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class ApplicationForm(Base):
    """The questions that applicants answer. Closed, never deleted."""

    __tablename__ = "application_forms"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(questions) = 'array'", "questions_array"),
        CheckConstraint("reapply_after_days >= 0", "reapply_after_days_positive"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(Text)
    questions: Mapped[list[Any]] = mapped_column(JSONB)
    reapply_after_days: Mapped[int] = mapped_column(Integer)
    is_open: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Application(Base):
    """What somebody answered, question by question as they stood then, and what became of it."""

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'accepted', 'rejected', 'withdrawn')", "status_known"
        ),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", "whole_decision"),
        CheckConstraint("jsonb_typeof(answers) = 'array'", "answers_array"),
        Index(
            "applications_pending_key",
            "form_id",
            "member_id",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index("applications_status_idx", "status", "id"),
        Index("applications_member_id_idx", "member_id", "id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    form_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(ApplicationForm.id))
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Member.id))
    applicant_uid: Mapped[UUID] = mapped_column(Uuid)
    answers: Mapped[list[Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(String(16), server_default=text("'pending'"))
    submitted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    decision_reason: Mapped[str | None] = mapped_column(Text)


class ApplicationMessage(Base):
    """One message of an application's thread; an internal one is for reviewers alone."""

    __tablename__ = "application_messages"
    __table_args__ = (
        Index("application_messages_application_id_idx", "application_id", "id"),
        grants(farout_app="SELECT, INSERT"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Application.id))
    author_uid: Mapped[UUID] = mapped_column(Uuid)
    is_internal: Mapped[bool] = mapped_column(Boolean)
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ApplicationVote(Base):
    """What a reviewer thinks; the newest vote of each counts."""

    __tablename__ = "application_votes"
    __table_args__ = (
        CheckConstraint("vote IN ('for', 'against', 'abstain')", "vote_known"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    application_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Application.id), primary_key=True)
    voter_uid: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    vote: Mapped[str] = mapped_column(String(8))
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
