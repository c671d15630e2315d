from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class SyncCheck(Base):
    """What one comparison of the mirror with auth found, and what it repaired."""

    __tablename__ = "sync_checks"
    __table_args__ = (grants(farout_app="SELECT", farout_sync="SELECT, INSERT, UPDATE, DELETE"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    users: Mapped[int] = mapped_column(BigInteger)
    missing: Mapped[int] = mapped_column(Integer)
    differing: Mapped[int] = mapped_column(Integer)
    surplus: Mapped[int] = mapped_column(Integer)
    repaired: Mapped[int] = mapped_column(Integer)
    milliseconds: Mapped[int] = mapped_column(Integer)
