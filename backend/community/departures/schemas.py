from datetime import datetime

from pydantic import BaseModel, ConfigDict

from backend.community.text_fields import Reason


class DepartureRequest(BaseModel):
    """Why a member is recorded as gone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason


class DepartureDetails(BaseModel):
    """When a member left, and why."""

    model_config = ConfigDict(from_attributes=True)

    left_at: datetime
    reason: str
