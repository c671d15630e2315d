from datetime import datetime

from sqlalchemy import DateTime, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class Incident(Base):
    """An alert that is on. The row goes when it has ended and that has been said."""

    __tablename__ = "incidents"
    __table_args__ = (grants(farout_app="SELECT", farout_sync="SELECT, INSERT, UPDATE, DELETE"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    details: Mapped[str] = mapped_column(Text)
    announced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
