from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.community.access.permissions import Permission
from backend.community.permissions.schemas import Permissions
from backend.community.text_fields import Title

PageSize = Annotated[int, Field(ge=1, le=200)]


def _for_programs(scopes: list[Permission]) -> list[Permission]:
    if Permission.API_KEYS_MANAGE in scopes:
        raise ValueError("keys cannot make keys")
    if Permission.WEBHOOKS_MANAGE in scopes:
        raise ValueError("keys cannot manage webhooks, which would outlive them")
    return scopes


class NewApiKey(BaseModel):
    """A key for a program: what it may do, and for how long."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Title
    scopes: Annotated[Permissions, Field(min_length=1), AfterValidator(_for_programs)]
    expires_in_days: Annotated[int, Field(ge=1, le=366)] = 90


class ApiKeyDetails(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    owner_uid: UUID
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewApiKeyDetails(ApiKeyDetails):
    """A new key; the token is shown this once."""

    token: str


class ApiKeyList(BaseModel):
    items: list[ApiKeyDetails]
    next_cursor: str | None


class ApiKeyDayDetails(BaseModel):
    """How often a key was used on one day (UTC), and how often it was too fast and refused."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    requests: int
    refused: int


class ApiKeyUsage(BaseModel):
    """The last days on which a key was used, the newest first."""

    items: list[ApiKeyDayDetails]
