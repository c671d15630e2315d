"""The notices of one auth process, passed on to every service that reads along."""

import asyncio
import logging
import time
from dataclasses import dataclass

import orjson

from backend.errors import Unavailable

log = logging.getLogger(__name__)

MOST_READERS = 64
MOST_PENDING = 1_000


class TooManyReaders(Unavailable):
    code = "too_many_readers"

    def __init__(self) -> None:
        super().__init__("As many services read the revocations as may.", retry_after=10)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Up to ``confirmed_at`` (this machine's monotonic clock) no notice is missing since ``epoch`` began."""

    confirmed_at: float
    epoch: int


class Subscription:
    """What one reader has still to be sent: every notice, and the newest confirmation alone."""

    def __init__(self, confirmation: Confirmation) -> None:
        self._notices: list[str] = []
        self._confirmation: Confirmation | None = None
        self._changed = asyncio.Event()
        self.began = confirmation
        self.is_over = False

    def add(self, notice: str) -> None:
        if len(self._notices) >= MOST_PENDING:
            log.warning("a reader is too slow", extra={"action": "revocations.dropped"})
            self.end()
            return
        self._notices.append(notice)
        self._changed.set()

    def confirm(self, confirmation: Confirmation) -> None:
        self._confirmation = confirmation
        self._changed.set()

    def end(self) -> None:
        self.is_over = True
        self._notices.clear()
        self._changed.set()

    async def lines(self) -> bytes:
        """Wait for news and return them; nothing when it is over. Notices stand before what confirms them."""
        await self._changed.wait()
        self._changed.clear()
        if self.is_over:
            return b""
        lines = [_line({"notice": notice}) for notice in self._notices]
        self._notices.clear()
        if (one := self._confirmation) is not None:
            lines.append(_line({"confirmed_at": one.confirmed_at, "epoch": one.epoch}))
            self._confirmation = None
        return b"".join(lines)

    def first_line(self) -> bytes:
        """Return what lets the reader compare the clocks."""
        return _line({"now": time.monotonic(), "epoch": self.began.epoch})


class Broadcast:
    """Gives notices to all who read; one that does not keep up is dropped and may come back."""

    def __init__(self) -> None:
        self._readers: set[Subscription] = set()
        self._latest = Confirmation(0.0, 0)

    def __len__(self) -> int:
        return len(self._readers)

    def publish(self, notice: str) -> None:
        for reader in list(self._readers):
            reader.add(notice)

    def confirm(self, confirmed_at: float, epoch: int) -> None:
        self._latest = Confirmation(confirmed_at, epoch)
        for reader in self._readers:
            reader.confirm(self._latest)

    def subscribe(self) -> Subscription:
        """Begin to read; raises TooManyReaders."""
        if len(self._readers) >= MOST_READERS:
            raise TooManyReaders
        subscription = Subscription(self._latest)
        self._readers.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._readers.discard(subscription)

    def end_all(self) -> None:
        """Let every reader go, as before this process ends; they read on elsewhere."""
        for reader in self._readers:
            reader.end()


def _line(document: dict[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
