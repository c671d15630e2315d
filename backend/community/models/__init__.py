"""The tables of ``farout``, one a file."""

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import declare_grants

declare_grants(Base.metadata)

__all__ = ["Base", "Member"]
