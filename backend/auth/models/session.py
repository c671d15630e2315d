from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import grants


class Session(Base):
    """A person's signed-in session. The cookie's value is not here, only its SHA-256."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", "whole_revocation"),
        CheckConstraint(
            "(impersonator_id IS NULL) = (impersonation_reason IS NULL)", "whole_impersonation"
        ),
        CheckConstraint("impersonator_id <> user_id", "impersonates_another"),
        Index("sessions_user_id_idx", "user_id", "id"),
        Index(
            "sessions_impersonator_id_idx",
            "impersonator_id",
            postgresql_where=text("impersonator_id IS NOT NULL"),
        ),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(User.id, ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(400))
    method: Mapped[str] = mapped_column(String(16))
    elevated_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_reason: Mapped[str | None] = mapped_column(String(32))
    # The admin who looks through this user's eyes; the session is theirs then, not the user's.
    impersonator_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE")
    )
    impersonation_reason: Mapped[str | None] = mapped_column(String(500))
