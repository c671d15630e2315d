"""The tables of ``farout``, one a file; ``erasure``, ``imports``, ``listing``, ``projection`` and
``standings`` add triggers and functions to them.
"""

from backend.community.models import erasure, imports, listing, projection, standings
from backend.community.models.achievement import Achievement
from backend.community.models.api_key import ApiKey
from backend.community.models.api_key_day import ApiKeyDay
from backend.community.models.application import (
    Application,
    ApplicationForm,
    ApplicationMessage,
    ApplicationVote,
)
from backend.community.models.attendance import Attendance
from backend.community.models.audit_entry import AuditEntry
from backend.community.models.award import Award, AwardGrant
from backend.community.models.base import Base
from backend.community.models.completion import Completion
from backend.community.models.completion_revocation import CompletionRevocation
from backend.community.models.counter import Counter
from backend.community.models.counter_change import CounterChange
from backend.community.models.departure import Departure
from backend.community.models.event import Event
from backend.community.models.former_discord_id import FormerDiscordId
from backend.community.models.idempotency_key import IdempotencyKey
from backend.community.models.import_run import ImportRun
from backend.community.models.incident import Incident
from backend.community.models.item import Item, ItemHolding, ItemMovement
from backend.community.models.member import Member
from backend.community.models.member_counter import MemberCounter
from backend.community.models.member_return import Return
from backend.community.models.mirrored_user import MirroredUser
from backend.community.models.mission import Mission
from backend.community.models.name_part import NamePart
from backend.community.models.occurrence import Occurrence
from backend.community.models.occurrence_slot import OccurrenceSlot
from backend.community.models.post import Post
from backend.community.models.rank import Rank
from backend.community.models.rank_change import RankChange
from backend.community.models.rejected_event import RejectedEvent
from backend.community.models.report import Report
from backend.community.models.role_permission import RolePermission
from backend.community.models.score import Score
from backend.community.models.score_tally import ScoreTally
from backend.community.models.season import Season
from backend.community.models.season_standing import SeasonStanding
from backend.community.models.signing_secret import SigningSecret
from backend.community.models.signup import Signup
from backend.community.models.sync_check import SyncCheck
from backend.community.models.training import Training
from backend.community.models.training_instructor import TrainingInstructor
from backend.community.models.training_prerequisite import TrainingPrerequisite
from backend.community.models.webhook_attempt import WebhookAttempt
from backend.community.models.webhook_delivery import WebhookDelivery
from backend.community.models.webhook_endpoint import WebhookEndpoint
from backend.tables import declare_grants

declare_grants(Base.metadata)

__all__ = [
    "Achievement",
    "ApiKey",
    "ApiKeyDay",
    "Application",
    "ApplicationForm",
    "ApplicationMessage",
    "ApplicationVote",
    "Attendance",
    "AuditEntry",
    "Award",
    "AwardGrant",
    "Base",
    "Completion",
    "CompletionRevocation",
    "Counter",
    "CounterChange",
    "Departure",
    "Event",
    "FormerDiscordId",
    "IdempotencyKey",
    "ImportRun",
    "Incident",
    "Item",
    "ItemHolding",
    "ItemMovement",
    "Member",
    "MemberCounter",
    "MirroredUser",
    "Mission",
    "NamePart",
    "Occurrence",
    "OccurrenceSlot",
    "Post",
    "Rank",
    "RankChange",
    "RejectedEvent",
    "Report",
    "Return",
    "RolePermission",
    "Score",
    "ScoreTally",
    "Season",
    "SeasonStanding",
    "SigningSecret",
    "Signup",
    "SyncCheck",
    "Training",
    "TrainingInstructor",
    "TrainingPrerequisite",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "erasure",
    "imports",
    "listing",
    "projection",
    "standings",
]
