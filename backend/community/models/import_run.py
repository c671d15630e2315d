from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.completion_revocation import CompletionRevocation
from backend.community.models.season import Season
from backend.tables import grants, runs_after_create


class ImportRun(Base):
    """How far the import of a file has come; written in the transactions that bring its rows."""

    __tablename__ = "import_runs"
    __table_args__ = (grants(farout_app="SELECT, INSERT, UPDATE"),)

    # SHA-256 of the content: the same file goes on where it stopped, a changed one is another.
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # How many rows of the file are done.
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    outcomes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    # How much of the report was written by then.
    report_bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


# The service cannot say when something was revoked; for what an import brings, this can. Only for
# entries of this very transaction, and not past a season that was closed since: a season that is
# counted again must come out as it did.
IMPORT_REVOCATIONS = """
CREATE FUNCTION import_revocations(wanted jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE completion_revocations IN ROW EXCLUSIVE MODE;
    INSERT INTO completion_revocations (completion_id, revoked_at, revoked_by, reason)
    SELECT completions.id,
        CASE WHEN completions.recorded_at >= now() AND NOT EXISTS (
            SELECT FROM seasons WHERE seasons.closed_at >= completions.recorded_at
        ) THEN least(given.revoked_at, clock_timestamp()) ELSE clock_timestamp() END,
        given.revoked_by,
        given.reason
    FROM jsonb_to_recordset(wanted)
        AS given (id uuid, revoked_at timestamptz, revoked_by uuid, reason text)
    JOIN completions ON completions.id = given.id;
END
$$
"""
KEEP_TO_THE_SERVICE = (
    "REVOKE EXECUTE ON FUNCTION import_revocations(jsonb) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION import_revocations(jsonb) TO farout_app",
)

for earlier in (CompletionRevocation, Season):
    ImportRun.__table__.add_is_dependent_on(earlier.__table__)  # type: ignore[attr-defined]
runs_after_create(
    ImportRun.__table__,  # type: ignore[arg-type]
    IMPORT_REVOCATIONS,
    *KEEP_TO_THE_SERVICE,
)
