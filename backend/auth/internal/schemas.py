from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.bridge.identity import Credentials
from backend.bridge.users import LARGEST_VERSION

MOST_USERS = 5_000
_LONGEST_CREDENTIAL = 64 * 1024
_Credential = Annotated[str, Field(max_length=_LONGEST_CREDENTIAL)]


class Validation(BaseModel):
    """What a request carried: one of the two."""

    model_config = ConfigDict(extra="forbid")

    cookie: _Credential | None = None
    bearer: _Credential | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.cookie is None) == (self.bearer is None):
            raise ValueError("must be a cookie or a bearer token, one of them")
        return self

    @property
    def credentials(self) -> Credentials:
        return Credentials(cookie=self.cookie, bearer=self.bearer)


class AnnouncingAgain(BaseModel):
    model_config = ConfigDict(extra="forbid")

    uids: Annotated[list[UUID], Field(max_length=MOST_USERS)]
    above: Annotated[int, Field(ge=0, le=LARGEST_VERSION)]
