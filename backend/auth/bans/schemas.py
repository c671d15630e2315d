from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.web.texts import Moment, Reason


class BanRequest(BaseModel):
    """Why, which the banned person is told, and until when; without an end it lasts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason
    expires_at: Moment | None = None


class KeptBanDetails(BaseModel):
    """A ban that outlived its account, under the uid that the account had."""

    model_config = ConfigDict(from_attributes=True)

    uid: UUID
    banned_at: datetime
    expires_at: datetime | None


class KeptBanList(BaseModel):
    items: list[KeptBanDetails]
    next_cursor: str | None
