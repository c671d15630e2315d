from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.community.models.training import Training
from backend.tables import grants


class TrainingInstructor(Base):
    """A member who may pass people in a training. Taking one off the list keeps what they passed."""

    __tablename__ = "training_instructors"
    __table_args__ = (grants(farout_app="SELECT, INSERT, DELETE"),)

    training_id: Mapped[UUID] = mapped_column(ForeignKey(Training.id), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Member.id), primary_key=True, index=True
    )
    listed_by: Mapped[UUID | None] = mapped_column(Uuid)
    listed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
