from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from backend.community.fields import Body, Line


class SignupRequest(Body):
    slot: Line | None = None


class SignupDetails(BaseModel):
    """A member's place: a seat, their turn in the queue, or neither while an officer has to decide."""

    occurrence_id: UUID
    member: str
    display_name: str
    slot: str
    status: Literal["pending", "seated", "waitlisted", "withdrawn"]
    seat: int | None
    place: int | None
    signed_up_at: datetime


class SignupList(BaseModel):
    items: list[SignupDetails]
    next_cursor: str | None
