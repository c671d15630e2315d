"""What the community may ask the auth side about its users, in one process or over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from backend.bridge.events import UserState

# Above it there would be no room left to raise versions; no user ever comes near.
LARGEST_VERSION = 2**62


@dataclass(frozen=True, slots=True)
class UserCount:
    """How many users there are, and the newest version that any of them has or ever had."""

    users: int
    latest_version: int


class UserDirectory(Protocol):
    """The master's side of the mirror. Every method raises Unavailable when auth cannot be reached."""

    async def find(self, uid: UUID) -> UserState | None: ...

    async def page(self, *, after: int, upto: int | None, limit: int) -> Sequence[UserState]:
        """Return users by id: those above ``after``, up to and including ``upto``."""
        ...

    async def count(self) -> UserCount: ...

    async def own_data(self, uid: UUID) -> dict[str, Any] | None:
        """Return all that auth holds about a user, table by table, as they may read it."""
        ...

    async def announce_again(self, uids: Sequence[UUID], *, above: int) -> Sequence[UserState]:
        """Give these users versions above ``above`` and return them as they are now.

        For a mirror that is ahead of auth, as after a restored backup. Raises VersionOutOfRange.
        """
        ...
