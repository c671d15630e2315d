from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import ENCRYPTED, grants


class TotpSecret(Base):
    """What a user's authenticator app and we share, encrypted; it counts once it is confirmed."""

    __tablename__ = "totp_secrets"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The newest step (RFC 6238) whose code was taken; it and all before it are used up.
    last_step: Mapped[int | None] = mapped_column(BigInteger)
