from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


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
