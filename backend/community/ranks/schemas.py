from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from backend.community.text_fields import Code, Reason, Remark, one_line

Kind = Literal["initial", "promotion", "demotion"]
RankName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]


class RankDetails(BaseModel):
    """One step of the ladder; a higher position is a higher rank."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    position: int
    description: str | None
    archived_at: datetime | None


class RankList(BaseModel):
    """The whole ladder, lowest first."""

    items: list[RankDetails]


class NewRank(BaseModel):
    """A new step; it is put on top until the order is changed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Code
    name: RankName
    description: Remark | None = None


class RankEdit(BaseModel):
    """What may be changed of a step; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: RankName | None = None
    description: Remark | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "RankEdit":
        if self.name is None and self.archived is None and self.description is None:
            raise ValueError("give name, description or archived")
        return self


class LadderOrder(BaseModel):
    """Every code of the ladder, lowest first."""

    model_config = ConfigDict(extra="forbid", strict=True)

    codes: Annotated[list[Code], Field(min_length=1, max_length=200)]


class RankChangeRequest(BaseModel):
    """A promotion or demotion; without a date it counts from today."""

    model_config = ConfigDict(extra="forbid")

    rank: Code
    reason: Reason
    effective_on: Annotated[date | None, Field(strict=False)] = None


class UndoRequest(BaseModel):
    """Why a change is taken back."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason


class RankChangeDetails(BaseModel):
    """A step in a member's career. The reasons are for those who may promote, and for the member."""

    model_config = ConfigDict(from_attributes=True, coerce_numbers_to_str=True)

    id: str
    kind: Kind
    rank: str
    effective_on: date
    created_at: datetime
    undone_at: datetime | None
    reason: str | None
    changed_by: UUID | None
    undo_reason: str | None
    undone_by: UUID | None

    def without_reasons(self) -> "RankChangeDetails":
        hidden = ("reason", "changed_by", "undo_reason", "undone_by")
        return self.model_copy(update=dict.fromkeys(hidden))


class RankChangeResult(BaseModel):
    """The change, and the rank that the member has now."""

    change: RankChangeDetails
    rank: str


class RankChangeList(BaseModel):
    """A member's career, latest first."""

    items: list[RankChangeDetails]
    next_cursor: str | None


PageSize = Annotated[int, Field(ge=1, le=200)]
ChangeId = Annotated[int, Field(ge=1, lt=2**63)]
