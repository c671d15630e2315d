from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from backend.community.fields import Body, Line


class SignupRequest(Body):
    slot: Line | None = None


class SignupDetails(BaseModel):
    """A member's place: a seat, or how many are in front of them in the queue."""

    occurrence_id: UUID
    member: str
    display_name: str
    slot: str
    status: Literal["seated", "waitlisted", "withdrawn"]
    seat: int | None
    place: int | None
    signed_up_at: datetime


class SignupList(BaseModel):
    items: list[SignupDetails]
    next_cursor: str | None
