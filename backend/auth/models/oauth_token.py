from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, LargeBinary, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import ENCRYPTED, grants


class OAuthToken(Base):
    """Discord's tokens of one user, each encrypted for this row and its column."""

    __tablename__ = "oauth_tokens"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True
    )
    access_token: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary, info=ENCRYPTED)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    # Which of ENCRYPTION_KEYS both are encrypted with.
    key_id: Mapped[str] = mapped_column(String(16))
    # Tells one pair from the next, whatever key it is encrypted with.
    obtained_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Discord is not asked again before this moment.
    retry_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Discord has said that the authorization is gone; it is not asked again.
    dead_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
