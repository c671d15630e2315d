from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.auth.passwords.schemas import Password


class ForgottenPassword(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(max_length=320)]


class PasswordResetRequest(BaseModel):
    """The token of the link in the mail, and the password to set."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Annotated[str, Field(max_length=100)]
    new_password: Password
