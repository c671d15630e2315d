from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

# Longer than any password that is taken; the policy says the rest.
Password = Annotated[SecretStr, Field(max_length=4096)]


class PasswordSignIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    identifier: Annotated[str, Field(min_length=1, max_length=320)]
    password: Password


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    current_password: Password
    new_password: Password
