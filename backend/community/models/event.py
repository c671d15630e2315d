from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class Event(Base):
    """What happened, as the outside is told: written in the transaction in which it happens.

    A trigger (webhook_delivery.py) queues it for every endpoint that wants it, in the same transaction.
    """

    __tablename__ = "events"
    __table_args__ = (grants(farout_app="SELECT, INSERT", farout_sync="SELECT, INSERT, DELETE"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    type: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # For this endpoint alone, which is how one is tested.
    endpoint_id: Mapped[UUID | None] = mapped_column(Uuid)
