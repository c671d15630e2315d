from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.auth.users.accounts import Account
from backend.bridge.identity import Role


class Ban(BaseModel):
    """A ban that is in force; without `expires_at` it lasts until somebody lifts it."""

    reason: str | None
    banned_at: datetime
    expires_at: datetime | None


class UserDetails(BaseModel):
    """A user as admins see them."""

    uid: UUID
    username: str
    discord_id: str | None
    email: str | None
    role: Role
    is_active: bool
    must_change_password: bool
    ban: Ban | None
    created_at: datetime
    last_login: datetime | None
    # The user has asked for it; until then they may change their mind.
    deletion_due_at: datetime | None

    @classmethod
    def of(cls, account: Account) -> "UserDetails":
        user, security = account.user, account.security
        ban = {
            "reason": security.ban_reason,
            "banned_at": security.banned_at,
            "expires_at": security.ban_expires_at,
        }
        return cls.model_validate(
            {name: getattr(user, name, None) for name in cls.model_fields}
            | {
                "uid": security.uid,
                "ban": ban if account.is_banned else None,
                "deletion_due_at": account.deletion_due_at,
            }
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
