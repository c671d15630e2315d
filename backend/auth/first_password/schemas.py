from pydantic import BaseModel, ConfigDict

from backend.auth.passwords.schemas import Password


class FirstPassword(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    new_password: Password
