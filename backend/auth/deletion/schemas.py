from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class DeletionRequest(BaseModel):
    """The user name once more, so that nobody deletes an account by mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: Annotated[str, Field(max_length=64)]


class PendingDeletion(BaseModel):
    """Until `due_at` the owner may sign in and keep the account; then it is erased on both sides."""

    due_at: datetime
