"""The rows of members and of what they have done. The rules are the API's."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from backend.community.completions.schemas import Kind, Outcome, Result, Score
from backend.community.counters.schemas import LARGEST, CounterKey
from backend.community.fields import Line, Minutes, Note, Points, Slug
from backend.community.members.schemas import Bio
from backend.community.porting.catalogue_rows import AnyRank
from backend.community.porting.values import (
    Day,
    Link,
    Links,
    Name,
    PastMoment,
    RowOfMember,
    Uid,
)
from backend.community.ranks.schemas import Kind as RankChangeKind
from backend.community.text_fields import Reason, Title
from backend.community.trainings.schemas import Level

Via = Literal["web", "bot", "api", "import", "rule", "legacy"]


class MemberRow(RowOfMember):
    display_name: Name | None = None
    bio: Bio | None = None
    avatar_url: Link | None = None
    rank: AnyRank | None = None
    created_at: PastMoment | None = None


class InstructorRow(RowOfMember):
    training: Slug
    listed_at: PastMoment | None = None
    listed_by: Uid | None = None


class RankChangeRow(RowOfMember):
    rank: AnyRank
    effective_on: Day
    kind: RankChangeKind | None = None
    reason: Reason | None = None
    changed_by: Uid | None = None
    created_at: PastMoment | None = None
    undone_at: PastMoment | None = None
    undone_by: Uid | None = None
    undo_reason: Reason | None = None

    @model_validator(mode="after")
    def _undo_is_whole(self) -> "RankChangeRow":
        if (self.undone_at is None) != (self.undo_reason is None):
            raise ValueError("an undone change has undone_at and undo_reason")
        if self.kind == "initial" and self.undone_at is not None:
            raise ValueError("the initial rank cannot be undone")
        return self


class CompletionRow(RowOfMember):
    """A mission or a training that somebody completed; ``slug`` and ``title`` are as it was called then."""

    completed_at: PastMoment
    mission: Slug | None = None
    training: Slug | None = None
    id: Uid | None = None
    kind: Kind | None = None
    slug: Slug | None = None
    title: Title | None = None
    occurrence_id: Uid | None = None
    role: Line | None = None
    outcome: Outcome | None = None
    minutes: Minutes | None = None
    level: Level | None = None
    result: Result | None = None
    score: Score | None = None
    instructor_id: Uid | None = None
    expires_on: Day | None = None
    repeat_on: Day | None = None
    points: Points | None = None
    awarded_by: Uid | None = None
    awarded_at: PastMoment | None = None
    via: Via | None = None
    recorded_at: PastMoment | None = None
    note: Note | None = None
    evidence: Links | None = None
    revoked_at: PastMoment | None = None
    revoked_by: Uid | None = None
    revoke_reason: Note | None = None

    @property
    def is_mission(self) -> bool:
        return self.mission is not None or (self.training is None and self.kind == "mission")

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> "CompletionRow":
        if self.mission is not None and self.training is not None:
            raise ValueError("give mission or training, not both")
        if self.mission is None and self.training is None and not self._is_from_before:
            raise ValueError("give mission or training")
        of_others = _OF_TRAININGS if self.is_mission else _OF_MISSIONS
        given = [name for name in of_others if getattr(self, name) is not None]
        if given:
            raise ValueError(f"{given[0]} does not belong to a {self._kind}")
        return self

    @model_validator(mode="after")
    def _is_whole(self) -> "CompletionRow":
        if (self.revoked_at is None) != (self.revoke_reason is None):
            raise ValueError("a revoked one has revoked_at and revoke_reason")
        if self.via in ("web", "bot") and self.awarded_by is None:
            raise ValueError(f"awarded_by is missing, which via {self.via} needs")
        if self.expires_on is not None and self.expires_on < self.completed_at.date():
            raise ValueError("expires_on lies before completed_at")
        return self

    @property
    def _is_from_before(self) -> bool:
        return self.via == "legacy" and None not in (self.kind, self.slug, self.title)

    @property
    def _kind(self) -> str:
        return "mission" if self.is_mission else "training"


_OF_MISSIONS = ("role", "outcome", "minutes")
_OF_TRAININGS = (
    "level", "result", "score", "instructor_id", "expires_on", "repeat_on",
)  # fmt: skip


class StatRow(RowOfMember):
    counter: CounterKey
    value: Annotated[int, Field(ge=0, le=LARGEST)]


class AwardGrantRow(RowOfMember):
    """An award that somebody has, or had; it is named by its id or its name."""

    id: Uid | None = None
    award_id: Uid | None = None
    award: Title | None = None
    reason: Reason | None = None
    granted_by: Uid | None = None
    granted_at: PastMoment | None = None
    withdrawn_at: PastMoment | None = None
    withdrawn_by: Uid | None = None
    withdraw_reason: Reason | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "AwardGrantRow":
        if self.award_id is None and self.award is None:
            raise ValueError("give award or award_id")
        if (self.withdrawn_at is None) != (self.withdraw_reason is None):
            raise ValueError("a withdrawn one has withdrawn_at and withdraw_reason")
        return self


class DepartureRow(RowOfMember):
    """That somebody left, and why; with ``returned_at`` that they were back by then."""

    reason: Reason | None = None
    left_at: PastMoment | None = None
    returned_at: PastMoment | None = None
    recorded_by: Uid | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "DepartureRow":
        if self.returned_at is None and self.reason is None:
            raise ValueError("give reason, or returned_at for somebody who is back")
        if self.returned_at and self.left_at and self.returned_at < self.left_at:
            raise ValueError("returned before they left")
        return self
