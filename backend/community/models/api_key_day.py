from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.api_key import ApiKey
from backend.community.models.base import Base
from backend.tables import grants


class ApiKeyDay(Base):
    """How often a key was used on one day (UTC), and how often it asked too fast and was refused."""

    __tablename__ = "api_key_days"
    __table_args__ = (grants(farout_app="SELECT, INSERT, UPDATE", farout_sync="SELECT, DELETE"),)

    key_id: Mapped[UUID] = mapped_column(ForeignKey(ApiKey.id), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refused: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
