from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants


class User(Base):
    """Who can sign in. Exactly these columns; whatever else a user needs has a table of its own."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("discord_id ~ '^[0-9]{1,20}$'", "discord_id_digits"),
        # With the cast PostgreSQL prints it the same way after a dump and restore.
        CheckConstraint("role::text IN ('member', 'officer', 'admin')", "role_known"),
        Index("users_email_key", text("lower(email)"), unique=True),
        Index("users_lower_username_idx", text("lower(username)"), "id"),
        Index("users_role_idx", "role", text("lower(username)"), "id"),
        grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    discord_id: Mapped[str | None] = mapped_column(String(20), unique=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    discriminator: Mapped[str | None] = mapped_column(String(4))
    avatar: Mapped[str | None] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(320))
    hashed_password: Mapped[str | None] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(32), server_default=text("'member'"))
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_login: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
