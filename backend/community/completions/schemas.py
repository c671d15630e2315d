from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from backend.community.fields import (
    Body,
    DiscordId,
    Line,
    Link,
    Minutes,
    Note,
    PastMoment,
    Points,
    Slug,
)

Kind = Literal["mission", "training"]
Outcome = Literal["success", "partial", "failure", "participated"]
Result = Literal["pass", "fail", "waived"]
Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
_OF_MISSIONS = {"role", "outcome", "minutes"}
_OF_TRAININGS = {"result", "score", "expires_on", "renew"}


def _once(members: list[str]) -> list[str]:
    if len(set(members)) < len(members):
        raise ValueError("names somebody twice")
    return members


class Award(Body):
    """What was completed: a mission or a training of the catalogue, and how it went."""

    mission: Slug | None = None
    training: Slug | None = None
    completed_at: PastMoment | None = Field(None, description="Now, if it is left out.")
    points: Points | None = Field(None, description="Those of the catalogue, if left out.")
    note: Note | None = None
    evidence: Annotated[list[Link], Field(max_length=5)] = Field(default_factory=list)
    role: Line | None = None
    outcome: Outcome = "success"
    minutes: Minutes | None = None
    result: Result = "pass"
    score: Score | None = None
    expires_on: Annotated[date | None, Field(strict=False)] = Field(
        None, description="After the training's `valid_days`, if left out."
    )
    renew: bool = Field(False, description="Pass somebody again whose training is still valid.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Award":
        if (self.mission is None) == (self.training is None):
            raise ValueError("give a mission or a training")
        foreign = (_OF_MISSIONS if self.training else _OF_TRAININGS) & self.model_fields_set
        if foreign:
            raise ValueError(f"{', '.join(sorted(foreign))} does not belong to this kind")
        return self


class NewCompletion(Award):
    member: DiscordId


class NewCompletions(Award):
    members: Annotated[list[DiscordId], Field(min_length=1, max_length=500), AfterValidator(_once)]


class RevocationRequest(Body):
    reason: Note


class RevocationDetails(BaseModel):
    revoked_at: datetime
    revoked_by: UUID | None
    reason: str


class CompletionDetails(BaseModel):
    """One entry of the ledger."""

    id: UUID
    member: str
    kind: Kind
    mission_id: UUID | None
    training_id: UUID | None
    occurrence_id: UUID | None
    slug: str
    title: str
    role: str | None
    outcome: Outcome | None
    minutes: int | None
    level: int | None
    result: Result | None
    score: float | None
    instructor_id: UUID | None
    expires_on: date | None
    points: int
    completed_at: datetime
    awarded_by: UUID | None
    awarded_at: datetime
    via: str
    note: str | None
    evidence: list[str]
    revocation: RevocationDetails | None


class CompletionList(BaseModel):
    items: list[CompletionDetails]
    next_cursor: str | None


class AwardedMember(BaseModel):
    """What became of one member of a bulk award."""

    member: str
    status: Literal["awarded", "already_completed", "member_not_found", "own_record"]
    completion_id: UUID | None = None


class AwardedMembers(BaseModel):
    awarded: int
    items: list[AwardedMember]
