from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import grants


class EmailVerification(Base):
    """A registration whose address is not confirmed yet; until this row is gone, nothing is open.

    The address stands here and not in ``users``: it belongs to nobody until somebody confirms it.
    """

    __tablename__ = "email_verifications"
    __table_args__ = (
        CheckConstraint("role::text IN ('member', 'officer', 'admin')", "role_known"),
        Index("email_verifications_email_idx", text("lower(email)")),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True
    )
    email: Mapped[str] = mapped_column(String(320))
    # What a registration code promised; it is given with the confirmation.
    role: Mapped[str] = mapped_column(String(32), server_default=text("'member'"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    sent_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
