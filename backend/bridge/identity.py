"""The one question between the sides: who sent these credentials?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol
from uuid import UUID

Role = Literal["member", "officer", "admin"]
ROLES: tuple[Role, ...] = ("member", "officer", "admin")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request carried: a session cookie's value or a bearer token, never both."""

    cookie: str | None = None
    bearer: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, as the auth side knows them at this moment."""

    uid: UUID
    user_id: int
    session_id: UUID
    username: str
    role: Role
    discord_id: str | None
    avatar: str | None
    email: str | None
    must_change_password: bool
    session_created_at: datetime
    session_expires_at: datetime
    # Registered with an e-mail address and has not confirmed it yet.
    must_verify_email: bool = False
    # The admin who looks through this user's eyes; None when it is the user.
    impersonator_uid: UUID | None = None
    impersonator: str | None = None
    # The account is erased then, unless its owner changes their mind; they can do nothing else.
    deletion_due_at: datetime | None = None
    # Until when the last proof of who sits there is fresh enough for sensitive actions.
    elevated_until: datetime | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_impersonated(self) -> bool:
        return self.impersonator_uid is not None

    @property
    def is_elevated(self) -> bool:
        """Whether the person proved who they are in the last ten minutes."""
        until = self.elevated_until
        return until is not None and not self.is_impersonated and until > datetime.now(UTC)


class IdentifyCaller(Protocol):
    """How a side asks; in one process it is a call, between two services it is HTTP.

    Raises AccountBanned for the credentials of somebody who was signed in when they were banned.
    """

    async def __call__(self, credentials: Credentials) -> Identity | None: ...
