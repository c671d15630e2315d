from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.auth.passwords.schemas import Password


class EmailChangeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    new_email: Annotated[str, Field(max_length=320)]
    current_password: Password
