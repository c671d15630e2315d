from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Integer, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.webhook_delivery import WebhookDelivery
from backend.tables import grants


class WebhookAttempt(Base):
    """One request to an endpoint, and what became of it: an answer's status, or what went wrong."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (grants(farout_app="SELECT", farout_sync="SELECT, INSERT"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(
        ForeignKey(WebhookDelivery.id, ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    milliseconds: Mapped[int] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(String(120))
    # The beginning of the answer, in readable characters alone.
    answer: Mapped[str | None] = mapped_column(Text)
