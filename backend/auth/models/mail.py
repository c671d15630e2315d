from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import ENCRYPTED, grants


class Mail(Base):
    """An e-mail on its way. Its text is encrypted, for it may hold a one-time secret.

    A mail that was sent is deleted. One that was given up stays, without its text, to be seen.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("(body IS NULL) = (given_up_at IS NOT NULL)", "body_until_given_up"),
        Index("mails_due_idx", "next_attempt_at", postgresql_where=text("given_up_at IS NULL")),
        Index("mails_given_up_idx", "id", postgresql_where=text("given_up_at IS NOT NULL")),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    # Chosen before the insert: the encrypted text is bound to it.
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(320))
    body: Mapped[bytes | None] = mapped_column(LargeBinary, info=ENCRYPTED)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # After this moment what the mail says is no longer of use, such as a link that has run out.
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    last_error: Mapped[str | None] = mapped_column(Text)
    given_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
