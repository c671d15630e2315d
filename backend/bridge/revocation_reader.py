"""The auth service's notices, read by another service, and how sure it may be of them.

The stream says up to which moment of the sender's clock nothing is missing. The clocks are compared
once, at the beginning: the first line was written after it was asked for, so what it calls now was not
before that. Taking it for exactly that errs on the side of older, by one journey at most. Clocks drift
apart, so a stream is not read for long.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable

import aiohttp
import orjson

from backend.bridge.auth_client import AuthClient
from backend.errors import Unavailable

log = logging.getLogger(__name__)

RENEW_SECONDS = 240.0
# What a clock that is being corrected may run ahead of another one: 500 millionths of the time.
_DRIFT_SECONDS = RENEW_SECONDS * 500e-6
# A beginning that took longer makes everything seem too old to be used.
_LONGEST_START_SECONDS = 0.4
_SHORTEST_DELAY, _LONGEST_DELAY = 0.1, 2.0
_TROUBLE = (
    aiohttp.ClientError, OSError, TimeoutError, Unavailable, ValueError, KeyError, TypeError,
)  # fmt: skip


class StreamEnded(OSError):
    """The sender let us go; it may have stopped, or we were too slow."""


class RevocationReader:
    """Reads the stream for as long as it runs; ``confirmed_at`` and ``epoch`` are as in Listener."""

    def __init__(self, auth: AuthClient, on_notice: Callable[[str], None]) -> None:
        self._auth = auth
        self._on_notice = on_notice
        self._task: asyncio.Task[None] | None = None
        self._was_heard = True
        self.confirmed_at = -math.inf
        self.epoch = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="read revocations")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        delay = _SHORTEST_DELAY
        while True:
            before = self.epoch
            try:
                await self._read_one()
                continue
            except _TROUBLE as error:
                self._complain(error)
            except Exception:
                # A task that ended would leave everything unheard until the next start.
                log.exception("reading failed", extra={"action": "revocations.failed"})
            finally:
                self.confirmed_at = -math.inf
            delay = _SHORTEST_DELAY if self.epoch > before else min(delay * 2, _LONGEST_DELAY)
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    async def _read_one(self) -> None:
        """Read one stream until it is time for the next."""
        asked_at = time.monotonic()
        async with self._auth.revocations() as stream:
            first = await _next(stream)
            if time.monotonic() - asked_at > _LONGEST_START_SECONDS:
                raise TimeoutError
            ours = asked_at - float(first["now"]) - _DRIFT_SECONDS
            theirs = first["epoch"]
            self.epoch += 1
            while time.monotonic() - asked_at < RENEW_SECONDS:
                line = await _next(stream)
                if "notice" in line:
                    self._on_notice(str(line["notice"]))
                    continue
                if line["epoch"] != theirs:
                    # They were not listening for a while themselves.
                    theirs = line["epoch"]
                    self.epoch += 1
                self.confirmed_at = float(line["confirmed_at"]) + ours
                self._was_heard = True

    def _complain(self, error: Exception) -> None:
        """Say once that nothing is heard, not at every attempt."""
        if self._was_heard:
            self._was_heard = False
            log.warning(
                "not hearing of revocations",
                extra={"action": "revocations.lost", "reason": type(error).__name__},
            )


async def _next(stream: aiohttp.StreamReader) -> "dict[str, float]":
    line = await stream.readline()
    if not line:
        raise StreamEnded
    found: dict[str, float] = orjson.loads(line)
    return found
