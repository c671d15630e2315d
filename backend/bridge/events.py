"""What the auth side announces. Every event carries the whole new state, never a difference."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backend.bridge.identity import Role


@dataclass(frozen=True, slots=True)
class UserState:
    """A user as they are after the change."""

    uid: UUID
    user_id: int
    username: str
    discord_id: str | None
    email: str | None
    role: Role
    is_active: bool


@dataclass(frozen=True, slots=True)
class DiscordProfile:
    """What Discord said at a sign-in; it fills a member's profile the first time only."""

    display_name: str
    avatar_url: str


@dataclass(frozen=True, slots=True)
class UserCreated:
    type: ClassVar[str] = "user.created"
    user: UserState
    profile: DiscordProfile | None = None


@dataclass(frozen=True, slots=True)
class UserUpdated:
    type: ClassVar[str] = "user.updated"
    user: UserState
    profile: DiscordProfile | None = None


@dataclass(frozen=True, slots=True)
class UserDeleted:
    type: ClassVar[str] = "user.deleted"
    uid: UUID


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    type: ClassVar[str] = "session.revoked"
    session_id: UUID


Event = UserCreated | UserUpdated | UserDeleted | SessionRevoked
Announce = Callable[[Event], Awaitable[None]]


async def announce_to_nobody(event: Event) -> None:
    """For an auth side that runs without a community side."""
