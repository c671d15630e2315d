from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import ENCRYPTED, grants


class SigningKey(Base):
    """A key pair that signs access tokens; the private half is encrypted with ENCRYPTION_KEYS."""

    __tablename__ = "signing_keys"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE"),)

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    private_key: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # Published before: whoever keeps a copy of the key set shall have it in time.
    signs_from: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # Until this moment its tokens are good.
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
