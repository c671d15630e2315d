from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from backend.community.fields import Body, Change, DiscordId, Line, LongText, Moment

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
    needs_approval: bool = Field(
        False, description="Whether an officer decides on each sign-up before it counts."
    )
    slots: Slots


class OccurrenceChange(Change):
    """What is left out stays. A slot that is named gets this capacity; others stay as they are.

    Once no approval is needed, whoever waited for it joins the queue.
    """

    NEVER_EMPTY = ("starts_at", "status", "needs_approval", "slots")

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    signups_close_at: Moment | None = None
    place: Line | None = None
    details: LongText | None = None
    leader: DiscordId | None = None
    status: Literal["planned", "open", "locked", "cancelled"] | None = None
    needs_approval: bool | None = None
    slots: Slots | None = None


class SlotDetails(BaseModel):
    name: str
    capacity: int
    seated: int
    waitlisted: int
    pending: int


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
    needs_approval: bool
    slots: list[SlotDetails]


class OccurrenceList(BaseModel):
    items: list[OccurrenceDetails]
    next_cursor: str | None
