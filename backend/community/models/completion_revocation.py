from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.completion import Completion
from backend.tables import grants, runs_after_create


class CompletionRevocation(Base):
    """The end of a completion: who took it back and why. It happens once and stays."""

    __tablename__ = "completion_revocations"
    __table_args__ = (
        CheckConstraint("reason <> ''", "reason_given"),
        grants(farout_app="SELECT, INSERT (completion_id, revoked_by, reason)"),
    )

    completion_id: Mapped[UUID] = mapped_column(ForeignKey(Completion.id), primary_key=True)
    # By the clock: closing a season asks what had been taken back at that moment.
    revoked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    revoked_by: Mapped[UUID | None] = mapped_column(Uuid)
    reason: Mapped[str] = mapped_column(String(500))


# The service may not update the ledger; this does the one change that a revocation needs.
REVOKE_COMPLETIONS = """
CREATE FUNCTION revoke_completions() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE completions SET revoked_at = changed.revoked_at
    FROM changed WHERE completions.id = changed.completion_id;
    RETURN NULL;
END
$$
"""
REVOKE_TRIGGER = """
CREATE TRIGGER completion_revocations_revoke AFTER INSERT ON completion_revocations
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revoke_completions()
"""
runs_after_create(
    CompletionRevocation.__table__,  # type: ignore[arg-type]
    REVOKE_COMPLETIONS,
    REVOKE_TRIGGER,
)
