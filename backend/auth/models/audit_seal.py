import datetime as dt

from sqlalchemy import Date, DateTime, Integer, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import ENCRYPTED, grants


class AuditSeal(Base):
    """The end of a day's chain of audit entries, proved with a key that the database cannot read."""

    __tablename__ = "audit_seals"
    # UPDATE moves the end of today's chain, and re-encrypts keys.
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE"),)

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    # The day before it in the chain, and where that one ended.
    previous_day: Mapped[dt.date | None] = mapped_column(Date)
    previous_head: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    entries: Mapped[int] = mapped_column(Integer)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    proof: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
