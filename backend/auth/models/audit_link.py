import datetime as dt

from sqlalchemy import BigInteger, Date, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.audit_entry import AuditEntry
from backend.auth.models.base import Base
from backend.tables import grants, runs_after_create


class AuditLink(Base):
    """The place of an audit entry in its day's chain, with the hash that depends on all before it."""

    __tablename__ = "audit_links"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT"),)

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    # No foreign key: an entry that is gone has to leave its link behind.
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    # The hash above covers these two instead of the address and the details themselves. Without its
    # salt a hash says nothing: the salts go when a person is erased, and the chain still fits.
    ip_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    ip_salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    details_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    details_salt: Mapped[bytes | None] = mapped_column(LargeBinary)


# What the service cannot do by itself, since it may not change the log. It empties nothing of anybody
# who still has an account. The lock is the sealer's: nobody chains an entry while it is emptied.
FORGET_ERASED = """
CREATE FUNCTION forget_erased_people() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(11361953);
    FOR gone IN
        SELECT DISTINCT target_uid FROM audit_log
        WHERE action = 'account.erased' AND at > now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM account_security WHERE uid = audit_log.target_uid)
    LOOP
        WITH emptied AS (
            UPDATE audit_log SET ip = NULL WHERE ip IS NOT NULL
                AND (actor_uid = gone OR (target_uid = gone AND actor_uid IS NULL))
            RETURNING id
        )
        UPDATE audit_links SET ip_salt = NULL FROM emptied WHERE entry_id = emptied.id;
        WITH emptied AS (
            UPDATE audit_log SET details = '{}' WHERE details <> '{}' AND target_uid = gone
            RETURNING id
        )
        UPDATE audit_links SET details_salt = NULL FROM emptied WHERE entry_id = emptied.id;
    END LOOP;
END
$$
"""
AuditLink.__table__.add_is_dependent_on(AuditEntry.__table__)  # type: ignore[attr-defined]
runs_after_create(AuditLink.__table__, FORGET_ERASED)  # type: ignore[arg-type]
