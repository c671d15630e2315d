"""What auth said of recent callers, remembered only while its notices are heard (docs/decisions/0008)."""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import islice
from typing import Protocol

from backend.bridge.credential_end import credential_end
from backend.bridge.errors import AccountBanned, AuthUnavailable
from backend.bridge.identity import Credentials, IdentifyCaller, Identity
from backend.errors import Unavailable

log = logging.getLogger(__name__)

LIFETIME_SECONDS = 300.0
# How old the notices' last confirmation may be. With it stands that a revocation is felt in a second.
FRESH_SECONDS = 0.9
ANSWER_SECONDS = 3.0
MOST_ENTRIES = 20_000
_RECENT_NOTICES = 4_096


class Notices(Protocol):
    """How far one can trust that no notice was missed; see Listener."""

    @property
    def confirmed_at(self) -> float: ...

    @property
    def epoch(self) -> int: ...


class _Ask:
    """A question under way; what comes to pass meanwhile decides whether its answer is kept."""

    __slots__ = ("asked_at", "epoch", "is_void", "notices_before")

    def __init__(self, asked_at: float, epoch: int, notices_before: int) -> None:
        self.asked_at = asked_at
        self.epoch = epoch
        self.notices_before = notices_before
        self.is_void = False


class _Entry:
    __slots__ = ("asked_at", "ends_at", "epoch", "identity", "subjects")

    def __init__(self, identity: Identity, ask: _Ask, ends_at: float) -> None:
        self.identity = identity
        self.asked_at = ask.asked_at
        self.epoch = ask.epoch
        self.ends_at = ends_at
        # The notices that end it, word for word.
        self.subjects: tuple[str, ...] = (
            f"session {identity.session_id}",
            f"user {identity.uid}",
            # Who looks through another's eyes does so only as long as they may.
            *((f"user {identity.impersonator_uid}",) if identity.impersonator_uid else ()),
        )


class IdentityCache:
    """Stands before an IdentifyCaller and answers for it, five minutes at most, while nothing is missed.

    When auth itself cannot be reached, an entry younger than that answers although the notices are
    not fresh. A refusal is never remembered.
    """

    def __init__(
        self,
        identify: IdentifyCaller,
        *,
        most_entries: int = MOST_ENTRIES,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._identify = identify
        self._most_entries = most_entries
        self.clock = clock
        self.wall_clock = wall_clock
        self._source: Notices | None = None
        # In the order in which auth confirmed them, so the oldest stand first.
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._by_subject: dict[str, set[bytes]] = {}
        self._asking: dict[bytes, set[_Ask]] = {}
        self._recent: deque[str] = deque(maxlen=_RECENT_NOTICES)
        self.hits = 0
        self.misses = 0
        self.fallbacks = 0
        self.notices = 0

    def __len__(self) -> int:
        return len(self._entries)

    def follow(self, source: Notices) -> None:
        """Believe this source's word on how fresh the notices are; it calls ``take_notice``."""
        self._source = source

    async def __call__(self, credentials: Credentials) -> Identity | None:
        key = _key(credentials)
        entry = self._entries.get(key)
        source = self._source
        if (
            entry is not None
            and source is not None
            and entry.epoch == source.epoch
            and self.clock() - source.confirmed_at < FRESH_SECONDS
            and self._is_young(entry)
        ):
            self.hits += 1
            return entry.identity
        self.misses += 1
        return await self._ask(key, credentials)

    def take_notice(self, notice: str) -> None:
        """Forget what a notice is about; one that says anything else ends everything."""
        self.notices += 1
        self._recent.append(notice)
        if not _is_about_somebody(notice):
            self._entries.clear()
            self._by_subject.clear()
        for key in list(self._by_subject.get(notice, ())):
            self._drop(key)

    async def _ask(self, key: bytes, credentials: Credentials) -> Identity | None:
        ask = _Ask(self.clock(), self._source.epoch if self._source else 0, self.notices)
        asking = self._asking.setdefault(key, set())
        asking.add(ask)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                identity = await self._identify(credentials)
        except (Unavailable, TimeoutError) as error:
            return self._fall_back(key, error)
        except AccountBanned:
            self._refuse(key, asking)
            raise
        finally:
            asking.discard(ask)
            if not asking:
                self._asking.pop(key, None)
        if identity is None:
            self._refuse(key, asking)
        else:
            self._remember(key, credentials, identity, ask)
        return identity

    def _refuse(self, key: bytes, asking: set[_Ask]) -> None:
        self._drop(key)
        # An older question may still come back with yes.
        for other in asking:
            other.is_void = True

    def _fall_back(self, key: bytes, error: Exception) -> Identity:
        entry = self._entries.get(key)
        if entry is None or not self._is_young(entry):
            raise error if isinstance(error, Unavailable) else AuthUnavailable from error
        self.fallbacks += 1
        log.warning(
            "auth cannot be reached: answered from memory",
            extra={
                "action": "identity.fallback",
                "uid": str(entry.identity.uid),
                "session": str(entry.identity.session_id),
                "age": round(self.clock() - entry.asked_at, 1),
            },
        )
        return entry.identity

    def _is_young(self, entry: _Entry) -> bool:
        return (
            self.clock() < entry.asked_at + LIFETIME_SECONDS and self.wall_clock() < entry.ends_at
        )

    def _remember(
        self, key: bytes, credentials: Credentials, identity: Identity, ask: _Ask
    ) -> None:
        ends_at = credential_end(credentials, identity)
        if ends_at is None or ask.is_void:
            return
        entry = _Entry(identity, ask, ends_at)
        present = self._entries.get(key)
        is_newest = present is None or present.asked_at <= ask.asked_at
        if not is_newest or self._was_noticed_since(ask, entry.subjects):
            return
        self._drop(key)
        self._make_room()
        self._entries[key] = entry
        for subject in entry.subjects:
            self._by_subject.setdefault(subject, set()).add(key)

    def _was_noticed_since(self, ask: _Ask, subjects: tuple[str, ...]) -> bool:
        """Whether a notice came while auth was asked: the answer may be from before it."""
        missed = self.notices - ask.notices_before
        if missed > len(self._recent):
            return True
        return any(
            notice in subjects or not _is_about_somebody(notice)
            for notice in islice(reversed(self._recent), missed)
        )

    def _make_room(self) -> None:
        while self._entries:
            key, oldest = next(iter(self._entries.items()))
            if len(self._entries) < self._most_entries and self._is_young(oldest):
                return
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        for subject in entry.subjects:
            keys = self._by_subject[subject]
            keys.discard(key)
            if not keys:
                del self._by_subject[subject]


def _key(credentials: Credentials) -> bytes:
    """Return a digest, so that no credential is kept; a cookie is never taken for a token."""
    if credentials.bearer is not None:
        text = f"bearer {credentials.bearer}"
    else:
        text = f"cookie {credentials.cookie}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _is_about_somebody(notice: str) -> bool:
    return notice.startswith(("session ", "user "))
