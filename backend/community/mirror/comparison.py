"""Where the mirror and auth differ: one stretch of ids at a time, each looked at twice.

Of each stretch the mirror is read first, so what auth says is never older than what the mirror says,
and nothing in the mirror can be news that auth has not told yet. A difference counts when it is
still there a moment later: an event on its way is no drift.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from backend.bridge.events import UserState
from backend.bridge.users import UserDirectory
from backend.community.mirror import queries
from backend.community.mirror.queries import MirrorRow
from backend.database import Database

PAGE = 5000
# How long an event may be on its way before its absence is called drift.
SETTLE_SECONDS = 1.0

# ``damaged``: the mirror is ahead of auth, or says something else at the same version.
Kind = Literal["missing", "stale", "damaged", "surplus"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A user of whom the two sides do not say the same."""

    user_id: int
    kind: Kind
    auth: UserState | None
    mirror: MirrorRow | None

    @property
    def is_absent(self) -> bool:
        """Whether the community does not know this user of auth at all."""
        return self.auth is not None and (self.mirror is None or self.mirror.is_deleted)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The ids above ``after`` up to ``upto``: how many users auth has there, and who differs."""

    after: int
    upto: int
    users: int
    suspects: dict[int, Suspect] = field(default_factory=dict)
    looked_at: float = 0.0


@dataclass
class Comparison:
    """One walk over both sides."""

    mirror: Database
    directory: UserDirectory
    page: int = PAGE
    settle_seconds: float = SETTLE_SECONDS

    async def stretches(self) -> AsyncIterator[tuple[int, Sequence[Suspect]]]:
        """Yield for each stretch how many users auth has there and the differences that stayed."""
        waiting: deque[Stretch] = deque()
        async for stretch in self._first_looks():
            if stretch.suspects:
                waiting.append(stretch)
            else:
                yield stretch.users, ()
            while waiting and self._has_settled(waiting[0]):
                yield await self._look_again(waiting.popleft())
        while waiting:
            await asyncio.sleep(self._seconds_left(waiting[0]))
            yield await self._look_again(waiting.popleft())

    async def _first_looks(self) -> AsyncIterator[Stretch]:
        after = _BEFORE_ALL
        while True:
            mirror = await queries.list_rows(self.mirror, after=after, upto=None, limit=self.page)
            upto = mirror[-1].user_id if len(mirror) == self.page else None
            auth = await self._page_of_auth(after, upto)
            if len(auth) == self.page:
                upto = auth[-1].user_id
            last = _last(mirror, auth) if upto is None else upto
            suspects = compare([row for row in mirror if row.user_id <= last], auth)
            yield Stretch(after, last, len(auth), suspects, time.monotonic())
            if upto is None:
                return
            after = upto

    async def _look_again(self, first: Stretch) -> tuple[int, Sequence[Suspect]]:
        mirror = await queries.list_rows(self.mirror, after=first.after, upto=first.upto)
        auth: list[UserState] = []
        after = first.after
        while True:
            page = await self._page_of_auth(after, first.upto)
            auth += page
            if len(page) < self.page:
                break
            after = page[-1].user_id
        second = compare(mirror, auth)
        stayed = [
            suspect
            for user_id, suspect in second.items()
            if user_id in first.suspects and _is_the_same(first.suspects[user_id], suspect)
        ]
        return first.users, stayed

    async def _page_of_auth(self, after: int, upto: int | None) -> Sequence[UserState]:
        """Auth's ids begin at 1, whatever the mirror may hold."""
        if upto is not None and upto < 1:
            return []
        return await self.directory.page(after=max(after, 0), upto=upto, limit=self.page)

    def _seconds_left(self, stretch: Stretch) -> float:
        return stretch.looked_at + self.settle_seconds - time.monotonic()

    def _has_settled(self, stretch: Stretch) -> bool:
        return self._seconds_left(stretch) <= 0


_BEFORE_ALL = -(2**63)


def _last(mirror: Sequence[MirrorRow], auth: Sequence[UserState]) -> int:
    return max(
        (one.user_id for side in (mirror[-1:], auth[-1:]) for one in side), default=_BEFORE_ALL
    )


def compare(mirror: Sequence[MirrorRow], auth: Sequence[UserState]) -> dict[int, Suspect]:
    """Return by id who differs between the two sides' rows of one stretch."""
    mirrored = {row.user_id: row for row in mirror}
    suspects: dict[int, Suspect] = {}
    for state in auth:
        row = mirrored.pop(state.user_id, None)
        kind = _difference(row, state)
        if kind is not None:
            suspects[state.user_id] = Suspect(state.user_id, kind, state, row)
    for row in mirrored.values():
        if not row.is_deleted:
            suspects[row.user_id] = Suspect(row.user_id, "surplus", None, row)
    return suspects


def _difference(row: MirrorRow | None, state: UserState) -> Kind | None:
    if row is None:
        return "missing"
    if row.version < state.version:
        # A tombstone below a living user, as after a restored backup: they are not in the mirror.
        return "missing" if row.is_deleted else "stale"
    if row.version > state.version or row[:8] != _fields(state):
        return "damaged"
    return None


def _fields(state: UserState) -> tuple[object, ...]:
    return (
        state.uid,
        state.user_id,
        state.version,
        state.username,
        state.discord_id,
        state.email,
        state.role,
        state.is_active,
    )


def _is_the_same(first: Suspect, second: Suspect) -> bool:
    """Whether the second look found what the first one did, and not news that came in between."""
    if second.kind in ("damaged", "surplus"):
        return first.kind == second.kind and first.mirror == second.mirror
    if first.auth is None:
        return False
    # What auth said at the first look has still not arrived.
    return second.mirror is None or second.mirror.version < first.auth.version
