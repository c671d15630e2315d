from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, LargeBinary, String, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import ENCRYPTED, grants


class OAuthRevocation(Base):
    """An authorization to be ended at Discord; its user may be gone already.

    Written in the transaction that unlinks or deletes, deleted once Discord has done it.
    """

    __tablename__ = "oauth_revocations"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    # If they come back before Discord was told, revoking would end the new authorization as well.
    discord_id: Mapped[str | None] = mapped_column(String(20))
    token: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
