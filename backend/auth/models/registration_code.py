from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants


class RegistrationCode(Base):
    """What opens registration to those who were given it. Only its SHA-256 is here."""

    __tablename__ = "registration_codes"
    __table_args__ = (
        CheckConstraint("uses >= 0 AND uses <= max_uses", "uses_within_limit"),
        CheckConstraint("role::text IN ('member', 'officer', 'admin')", "role_known"),
        grants(farout_auth_service="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    note: Mapped[str] = mapped_column(String(100), server_default=text("''"))
    role: Mapped[str] = mapped_column(String(32), server_default=text("'member'"))
    max_uses: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    uses: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
