from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.auth.models.user import User
from backend.tables import grants, runs_after_create


class AccountDeletion(Base):
    """Somebody wants their account deleted; until ``due_at`` they may still change their mind.

    As long as this row is there, its user can do nothing but that, and the mirror has them as inactive.
    """

    __tablename__ = "account_deletions"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True
    )
    requested_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


# Raising the version announces the user anew; see ``versions``.
FOLLOW_DELETION = """
CREATE FUNCTION follow_account_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account_security SET version = version + 1
    WHERE user_id IN (OLD.user_id, NEW.user_id);
    PERFORM pg_notify('farout_revocations', 'user ' || uid)
    FROM account_security WHERE user_id IN (OLD.user_id, NEW.user_id);
    RETURN NULL;
END
$$
"""
FOLLOW_DELETION_TRIGGER = """
CREATE TRIGGER account_deletions_follow AFTER INSERT OR DELETE ON account_deletions
FOR EACH ROW EXECUTE FUNCTION follow_account_deletion()
"""
runs_after_create(
    AccountDeletion.__table__,  # type: ignore[arg-type]
    FOLLOW_DELETION,
    FOLLOW_DELETION_TRIGGER,
)
