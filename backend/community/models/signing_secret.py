from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class SigningSecret(Base):
    """A key that every process of this side signs with. None of them opens a door."""

    __tablename__ = "signing_secrets"
    __table_args__ = (
        CheckConstraint("octet_length(value) >= 32", "value_long"),
        grants(farout_app="SELECT"),
    )

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
