"""What the auth side announces. Every event carries the whole new state, never a difference.

An event may come late, twice, and after a newer one: whoever takes it in looks at ``version``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.bridge.identity import Role

EventType = Literal["user.created", "user.updated", "user.deleted"]


@dataclass(frozen=True, slots=True)
class UserState:
    """A user as they are at ``version``: what the mirror copies, and nothing else."""

    uid: UUID
    user_id: int
    version: int
    username: str
    discord_id: str | None
    email: str | None
    role: Role
    is_active: bool


@dataclass(frozen=True, slots=True)
class DeletedUser:
    """All that is left of a user; nothing personal."""

    uid: UUID
    user_id: int
    version: int


@dataclass(frozen=True, slots=True)
class DiscordProfile:
    """What Discord said at a sign-in; it fills a member's profile the first time only."""

    display_name: str
    avatar_url: str


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one user. ``id`` is the same at every delivery."""

    id: UUID
    type: EventType
    occurred_at: datetime
    user: UserState | DeletedUser
    profile: DiscordProfile | None = None


Announce = Callable[[Event], Awaitable[None]]


async def announce_to_nobody(event: Event) -> None:
    """For an auth side that runs without a community side."""
