from pydantic import BaseModel, ConfigDict

from backend.web.texts import Reason


class ImpersonationRequest(BaseModel):
    """Why; it stands in the audit log."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason
