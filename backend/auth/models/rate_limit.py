from datetime import datetime

from sqlalchemy import DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants


class RateLimit(Base):
    """How far ahead of its rate a network is (GCRA): it may go on once ``full_at`` is near enough.

    Unlogged: quick to write, and a crash of the server merely forgives everybody.
    """

    __tablename__ = "rate_limits"
    __table_args__ = (
        {
            "prefixes": ["UNLOGGED"],
            **grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
        },
    )

    key: Mapped[str] = mapped_column(String(96), primary_key=True)
    full_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
