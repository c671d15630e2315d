from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.auth.models import RegistrationCode
from backend.auth.passwords.schemas import Password
from backend.bridge.identity import Role


def _storable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be printable characters on one line")
    return value


class Registration(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    username: Annotated[str, Field(max_length=320)]
    email: Annotated[str, Field(max_length=320)]
    password: Password
    code: Annotated[str, Field(max_length=100)] | None = None


class RegistrationCodeRequest(BaseModel):
    """What a new code opens: for how many people, how long, and with which role."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Role = "member"
    max_uses: Annotated[int, Field(ge=1, le=10_000)] = 1
    days: Annotated[int, Field(ge=1, le=365)] = 7
    note: Annotated[str, Field(max_length=100), AfterValidator(_storable)] = ""


class RegistrationCodeDetails(BaseModel):
    id: str
    note: str
    role: Role
    max_uses: int
    uses: int
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, code: RegistrationCode) -> "RegistrationCodeDetails":
        return cls.model_validate(
            {name: getattr(code, name) for name in cls.model_fields} | {"id": str(code.id)}
        )


class NewRegistrationCode(BaseModel):
    """A code, shown this once, and what is kept of it."""

    code: str
    details: RegistrationCodeDetails


class RegistrationCodeList(BaseModel):
    items: list[RegistrationCodeDetails]
    next_cursor: str | None
