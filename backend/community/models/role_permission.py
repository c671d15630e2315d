from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.tables import grants


class RolePermission(Base):
    """What everybody with a role may do. The names are those of ``access/permissions.py``."""

    __tablename__ = "role_permissions"
    __table_args__ = (
        CheckConstraint("role IN ('member', 'officer', 'admin')", "role_known"),
        grants(farout_app="SELECT, INSERT, DELETE"),
    )

    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    permission: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
