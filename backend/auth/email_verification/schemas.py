from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class MailedToken(BaseModel):
    """What a link in a mail carries."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Annotated[str, Field(max_length=100)]
