from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from backend.community.fields import Body, DiscordId, Line, LongText, Moment

Status = Literal["planned", "open", "locked", "completed", "cancelled"]


class Slot(Body):
    """A kind of seat and how many there are; nobody new is seated where there are none."""

    name: Line
    capacity: Annotated[int, Field(ge=0, le=1000)]


def _named_once(slots: list[Slot]) -> list[Slot]:
    if len({slot.name for slot in slots}) < len(slots):
        raise ValueError("names a slot twice")
    return slots


Slots = Annotated[list[Slot], Field(min_length=1, max_length=50), AfterValidator(_named_once)]


class NewOccurrence(Body):
    starts_at: Moment
    ends_at: Moment | None = None
    signups_close_at: Moment | None = Field(None, description="When it begins, if left out.")
    place: Line | None = None
    details: LongText | None = None
    leader: DiscordId | None = None
    status: Literal["planned", "open"] = "open"
    slots: Slots


class OccurrenceChange(Body):
    """What is left out stays. A slot that is named gets this capacity; others stay as they are."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    signups_close_at: Moment | None = None
    place: Line | None = None
    details: LongText | None = None
    leader: DiscordId | None = None
    status: Literal["planned", "open", "locked", "cancelled"] | None = None
    slots: Slots | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "OccurrenceChange":
        if not self.model_fields_set:
            raise ValueError("give at least one field")
        for name in ("starts_at", "status", "slots"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class SlotDetails(BaseModel):
    name: str
    capacity: int
    seated: int
    waitlisted: int


class OccurrenceDetails(BaseModel):
    """One date of a mission or one class of a training."""

    id: UUID
    mission: str | None
    training: str | None
    title: str
    status: Status
    starts_at: datetime
    ends_at: datetime | None
    signups_close_at: datetime | None
    place: str | None
    details: str | None
    leader: str | None
    slots: list[SlotDetails]


class OccurrenceList(BaseModel):
    items: list[OccurrenceDetails]
    next_cursor: str | None
