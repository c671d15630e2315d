from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Integer, LargeBinary, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.session import Session
from backend.tables import grants


class RefreshToken(Base):
    """A link of a chain: one program's way to stay signed in as long as its session does.

    The key allows one successor for each token. Links that were used stay, so that a replay is
    noticed; the whole chain is deleted when the program gives it back.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    chain: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    counter: Mapped[int] = mapped_column(Integer, primary_key=True, server_default=text("0"))
    session_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey(Session.id, ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
