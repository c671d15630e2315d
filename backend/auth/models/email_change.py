from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
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


class EmailChange(Base):
    """A change of address: asked for, then confirmed at the new one, for a while undone at the old."""

    __tablename__ = "email_changes"
    __table_args__ = (
        CheckConstraint(
            "confirmed_at IS NOT NULL OR (undo_hash IS NULL AND undo_expires_at IS NULL)",
            "undo_after_confirmation",
        ),
        Index("email_changes_user_id_idx", "user_id", "id"),
        Index(
            "email_changes_pending_key",
            "user_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NULL"),
        ),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(User.id, ondelete="CASCADE"))
    old_email: Mapped[str | None] = mapped_column(String(320))
    new_email: Mapped[str] = mapped_column(String(320))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undo_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    undo_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
