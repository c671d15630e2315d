from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.occurrence import Occurrence
from backend.tables import grants


class Report(Base):
    """What was written after an occurrence; who was there stands in ``attendance``."""

    __tablename__ = "reports"
    __table_args__ = (grants(farout_app="SELECT, INSERT, UPDATE"),)

    occurrence_id: Mapped[UUID] = mapped_column(ForeignKey(Occurrence.id), primary_key=True)
    body: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    written_by: Mapped[UUID | None] = mapped_column(Uuid)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
