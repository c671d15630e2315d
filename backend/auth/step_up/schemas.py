from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from backend.auth.passkeys.schemas import PasskeyAnswer


class Proof(BaseModel):
    """One of the three."""

    model_config = ConfigDict(extra="forbid", strict=True)

    password: Annotated[SecretStr, Field(max_length=4096)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    passkey: PasskeyAnswer | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Proof":
        given = [one for one in (self.password, self.code, self.passkey) if one is not None]
        if len(given) != 1:
            raise ValueError("give one of password, code and passkey")
        return self
