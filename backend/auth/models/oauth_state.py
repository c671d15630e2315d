from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import ENCRYPTED, grants


class OAuthState(Base):
    """A sign-in under way, bound to one browser; taken out by the one callback that may use it."""

    __tablename__ = "oauth_states"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    verifier: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    next_path: Mapped[str] = mapped_column(String(512))
    purpose: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    # The session that links an account. No foreign key: it is compared with the one that comes back.
    session_id: Mapped[UUID | None] = mapped_column(Uuid)
