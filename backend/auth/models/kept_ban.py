from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from backend.auth.models.base import Base
from backend.tables import ENCRYPTED, grants


class KeptBan(Base):
    """A ban that outlives its erased account, so that deleting oneself does not lift it.

    Of the Discord id only an HMAC is left, under a key of its own that the database cannot read.
    """

    __tablename__ = "kept_bans"
    __table_args__ = (grants(farout_auth_service="SELECT, INSERT, UPDATE, DELETE"),)

    # The uid of the account that is gone: what an admin names to lift the ban.
    uid: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, info=ENCRYPTED)
    discord_hash: Mapped[bytes] = mapped_column(LargeBinary)
    banned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
