from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import grants, runs_after_create


class AccountSecurity(Base):
    """What else auth knows of a user. Triggers make its row with the user and keep ``uid`` for ever."""

    __tablename__ = "account_security"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE"),)

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True
    )
    uid: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("uuidv7()"))
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    password_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failed_login_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    mfa_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    banned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ban_reason: Mapped[str | None] = mapped_column(Text)
    ban_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


MAKE_SECURITY = """
CREATE FUNCTION make_account_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_security (user_id) VALUES (NEW.id);
    RETURN NULL;
END
$$
"""
MAKE_SECURITY_TRIGGER = """
CREATE TRIGGER users_make_account_security AFTER INSERT ON users
FOR EACH ROW EXECUTE FUNCTION make_account_security()
"""
KEEP_UID = """
CREATE FUNCTION keep_uid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.uid IS DISTINCT FROM OLD.uid OR NEW.user_id IS DISTINCT FROM OLD.user_id THEN
        RAISE EXCEPTION 'the uid of a user never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""
KEEP_UID_TRIGGER = """
CREATE TRIGGER account_security_keep_uid BEFORE UPDATE ON account_security
FOR EACH ROW EXECUTE FUNCTION keep_uid()
"""
runs_after_create(
    AccountSecurity.__table__,  # type: ignore[arg-type]
    MAKE_SECURITY,
    MAKE_SECURITY_TRIGGER,
    KEEP_UID,
    KEEP_UID_TRIGGER,
)
