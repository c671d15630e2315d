from pydantic import BaseModel, ConfigDict

from backend.web.texts import Moment, Reason


class BanRequest(BaseModel):
    """Why, which the banned person is told, and until when; without an end it lasts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason
    expires_at: Moment | None = None
