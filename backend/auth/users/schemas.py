from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.auth.models import User
from backend.bridge.identity import Role


class UserDetails(BaseModel):
    """A user as admins see them."""

    uid: UUID
    username: str
    discord_id: str | None
    email: str | None
    role: Role
    is_active: bool
    created_at: datetime
    last_login: datetime | None

    @classmethod
    def of(cls, user: User, uid: UUID) -> "UserDetails":
        return cls.model_validate(
            {name: getattr(user, name) for name in cls.model_fields if name != "uid"} | {"uid": uid}
        )


class UserList(BaseModel):
    items: list[UserDetails]
    next_cursor: str | None


class UserChange(BaseModel):
    """What an admin may change of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Role | None = None
    is_active: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "UserChange":
        if self.role is None and self.is_active is None:
            raise ValueError("give role, is_active, or both")
        return self


PageSize = Annotated[int, Field(ge=1, le=200)]
Search = Annotated[str, Field(max_length=320)]
