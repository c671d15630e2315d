from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class Return(Base):
    """When a member who had left came back last: an older departure in a file is not news."""

    __tablename__ = "returns"
    __table_args__ = (grants(farout_app="SELECT, INSERT, UPDATE"),)

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Member.id), primary_key=True, autoincrement=False
    )
    returned_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    recorded_by: Mapped[UUID | None] = mapped_column(Uuid)
