from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import grants


class PasswordReset(Base):
    """A link to set a new password: one a user, the newest.

    For an address that nobody has a row without a user is written, so that asking takes as long.
    """

    __tablename__ = "password_resets"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), unique=True
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
