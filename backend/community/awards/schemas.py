from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.community.text_fields import Code, Reason, Remark, Title

Counter = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
MemberId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
PageSize = Annotated[int, Field(ge=1, le=200)]


class Rule(BaseModel):
    """Who is suggested: those for whom all of it holds."""

    model_config = ConfigDict(extra="forbid", strict=True)

    counters: Annotated[
        dict[Counter, Annotated[int, Field(ge=1, lt=2**53)]], Field(max_length=10)
    ] = Field(default_factory=dict)
    missions: Annotated[list[Code], Field(max_length=20)] = Field(default_factory=list)
    trainings: Annotated[list[Code], Field(max_length=20)] = Field(default_factory=list)
    days_here: Annotated[int, Field(ge=1, le=36_500)] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Rule":
        if not (self.counters or self.missions or self.trainings or self.days_here):
            raise ValueError("ask for counters, missions, trainings or days_here")
        return self


class AwardDetails(BaseModel):
    """An award, and the rule by which people are suggested for it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str | None
    rule: Rule | None
    archived_at: datetime | None


class AwardList(BaseModel):
    items: list[AwardDetails]


class NewAward(BaseModel):
    """A new award; without a rule nobody is suggested for it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Title
    description: Remark | None = None
    rule: Rule | None = None


class AwardEdit(BaseModel):
    """What to change of an award; what is left out stays, and a null rule goes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Title | None = None
    description: Remark | None = None
    rule: Rule | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "AwardEdit":
        if not self.model_fields_set:
            raise ValueError("give name, description, rule or archived")
        for name in ("name", "archived"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class Criterion(BaseModel):
    """One line of the sum: what the rule asks for and what the member has."""

    asked: str
    needs: int
    has: int


class Suggestion(BaseModel):
    """Somebody who meets the rule and does not have the award, with the sum."""

    discord_id: str
    display_name: str
    criteria: list[Criterion]


class SuggestionList(BaseModel):
    items: list[Suggestion]
    next_cursor: str | None


class GrantRequest(BaseModel):
    """Whom to grant an award, and why; whoever has it already is left out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    discord_ids: Annotated[list[MemberId], Field(min_length=1, max_length=200)]
    reason: Reason


class GrantResult(BaseModel):
    """Who got the award, and who had it already."""

    granted: list[str]
    had_it: list[str]


class Withdrawal(BaseModel):
    """Why an award is withdrawn."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason


class GrantDetails(BaseModel):
    """An award that a member has."""

    id: UUID
    award_id: UUID
    name: str
    reason: str
    granted_by: UUID
    granted_at: datetime


class GrantList(BaseModel):
    items: list[GrantDetails]
