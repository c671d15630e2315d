from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.auth.models import Passkey

Code = Annotated[str, Field(min_length=1, max_length=64)]


class CodeSignIn(BaseModel):
    """`challenge` is what the refusal `totp_required` held."""

    model_config = ConfigDict(extra="forbid", strict=True)

    challenge: Annotated[str, Field(max_length=128)]
    code: Annotated[Code, Field(description="Of the authenticator app, or a recovery code.")]


class TotpConfirmation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: Code


class TotpEnrolment(BaseModel):
    """For the authenticator app; shown once."""

    secret: str
    otpauth_uri: str


class RecoveryCodes(BaseModel):
    """Ten codes, each good once, shown once."""

    recovery_codes: list[str]


class PasskeyDetails(BaseModel):
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, passkey: Passkey) -> "PasskeyDetails":
        return cls.model_validate({name: getattr(passkey, name) for name in cls.model_fields})


class FactorDetails(BaseModel):
    """What the caller can prove themselves with besides a password and Discord."""

    totp: bool
    recovery_codes_left: int
    passkeys: list[PasskeyDetails]
