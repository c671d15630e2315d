"""The tables of ``farout``, one a file."""

from backend.community.models.api_key import ApiKey
from backend.community.models.application import (
    Application,
    ApplicationForm,
    ApplicationMessage,
    ApplicationVote,
)
from backend.community.models.audit_entry import AuditEntry
from backend.community.models.award import Award, AwardGrant
from backend.community.models.base import Base
from backend.community.models.departure import Departure
from backend.community.models.incident import Incident
from backend.community.models.item import Item, ItemHolding, ItemMovement
from backend.community.models.member import Member
from backend.community.models.mirrored_user import MirroredUser
from backend.community.models.post import Post
from backend.community.models.rank import Rank
from backend.community.models.rank_change import RankChange
from backend.community.models.rejected_event import RejectedEvent
from backend.community.models.role_permission import RolePermission
from backend.community.models.signing_secret import SigningSecret
from backend.community.models.sync_check import SyncCheck
from backend.tables import declare_grants

declare_grants(Base.metadata)

__all__ = [
    "ApiKey",
    "Application",
    "ApplicationForm",
    "ApplicationMessage",
    "ApplicationVote",
    "AuditEntry",
    "Award",
    "AwardGrant",
    "Base",
    "Departure",
    "Incident",
    "Item",
    "ItemHolding",
    "ItemMovement",
    "Member",
    "MirroredUser",
    "Post",
    "Rank",
    "RankChange",
    "RejectedEvent",
    "RolePermission",
    "SigningSecret",
    "SyncCheck",
]
