from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Integer, LargeBinary, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants


class LoginAttempt(Base):
    """How often a password was tried for an account, from a network, or both, without success.

    ``key`` is a hash: a dump tells neither addresses nor names that somebody mistyped.
    """

    __tablename__ = "login_attempts"
    __table_args__ = (
        # With the cast PostgreSQL prints it the same way after a dump and restore.
        CheckConstraint("scope::text IN ('pair', 'account', 'network', 'device')", "scope_known"),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    scope: Mapped[str] = mapped_column(String(8))
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    held_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
