import datetime as dt

from sqlalchemy import BigInteger, Date, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import grants


class AuditLink(Base):
    """The place of an audit entry in its day's chain, with the hash that depends on all before it."""

    __tablename__ = "audit_links"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT"),)

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    # No foreign key: an entry that is gone has to leave its link behind.
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
