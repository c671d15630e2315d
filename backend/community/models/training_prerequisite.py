from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.training import Training
from backend.tables import grants


class TrainingPrerequisite(Base):
    """Whoever enrols for one training must hold another one that is still valid."""

    __tablename__ = "training_prerequisites"
    __table_args__ = (
        CheckConstraint("training_id <> required_id", "not_itself"),
        grants(farout_app="SELECT, INSERT, DELETE"),
    )

    training_id: Mapped[UUID] = mapped_column(ForeignKey(Training.id), primary_key=True)
    required_id: Mapped[UUID] = mapped_column(ForeignKey(Training.id), primary_key=True, index=True)
