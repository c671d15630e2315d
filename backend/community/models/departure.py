from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class Departure(Base):
    """A member who has left. The row goes when they come back; their history stays all along."""

    __tablename__ = "departures"
    __table_args__ = (grants(farout_app="SELECT, INSERT, UPDATE, DELETE"),)

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Member.id), primary_key=True, autoincrement=False
    )
    left_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    reason: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[UUID | None] = mapped_column(Uuid)
