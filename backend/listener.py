"""A connection that listens to PostgreSQL's notices and knows how fresh its knowledge is.

A broken connection is noticed at once, a silent one by its heartbeat: a statement that PostgreSQL
answers only after it has sent every notice that was committed before.
"""

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import Callable
from typing import Any

import asyncpg

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.25
# Whoever waits for longer has outlived every answer that counts as fresh.
SETTLE_SECONDS = 1.0
_SHORTEST_DELAY, _LONGEST_DELAY = 0.1, 2.0


class BehindPooler(Exception):
    """Somebody hands the connection's statements to changing servers, so its notices get lost."""


# asyncpg calls it an internal error to be asked just after the server has said that it ends.
_TROUBLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BehindPooler,
)


class Listener:
    """Calls ``on_message`` with each notice of one channel; connects again for as long as it runs.

    ``confirmed_at`` is the moment (``time.monotonic``) up to which nothing can have been missed, minus
    infinity while there is no connection; ``on_confirmed`` is called when it moves on. ``epoch``
    grows with each new connection: notices between two of them are lost.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        on_message: Callable[[str], None],
        *,
        on_confirmed: Callable[[], None] = lambda: None,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        answer_seconds: float = 2,
    ) -> None:
        self._url = url.replace("postgres://", "postgresql://", 1)
        self._channel = channel
        self._on_message = on_message
        self._on_confirmed = on_confirmed
        self._heartbeat_seconds = heartbeat_seconds
        self._answer_seconds = answer_seconds
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        # Those who wait for the heartbeat under way, and those who came after it had begun.
        self._answered: list[asyncio.Future[bool]] = []
        self._waiting: list[asyncio.Future[bool]] = []
        self._was_heard = True
        self.confirmed_at = -math.inf
        self.epoch = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"listen to {self._channel}")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._disconnect()

    async def settle(self) -> bool:
        """Wait until all notices committed before this call were handled; False if none can tell.

        After False ``confirmed_at`` is older than SETTLE_SECONDS. All who wait share one heartbeat.
        """
        if self._connection is None:
            return False
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._wanted.set()
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                return await waiter
        except TimeoutError:
            return False

    async def _run(self) -> None:
        delay = _SHORTEST_DELAY
        while True:
            try:
                connection = await self._connect()
                delay = _SHORTEST_DELAY
                while True:
                    await self._beat(connection)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._heartbeat_seconds):
                            await self._wanted.wait()
            except _TROUBLE as error:
                self._complain(error)
            except Exception:
                # A task that ended would leave everything unheard until the next start.
                log.exception("listening failed", extra={"action": "listener.failed"})
            finally:
                self._disconnect()
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = await asyncpg.connect(
            self._url,
            timeout=self._answer_seconds,
            server_settings={"application_name": f"farout listens to {self._channel}"},
        )
        try:
            async with asyncio.timeout(self._answer_seconds):
                await connection.add_listener(self._channel, self._take)
                pid = await connection.fetchval("SELECT pg_backend_pid()")
            if pid != connection.get_server_pid():
                raise BehindPooler
        except BaseException:
            connection.terminate()
            raise
        connection.add_termination_listener(self._lose)
        self._connection = connection
        self.epoch += 1
        return connection

    async def _beat(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._wanted.clear()
        self._answered, self._waiting = self._waiting, []
        asked_at = time.monotonic()
        await connection.execute("SELECT 1", timeout=self._answer_seconds)
        self.confirmed_at = asked_at
        self._was_heard = True
        _answer(self._answered, True)
        self._on_confirmed()

    def _lose(self, _connection: Any) -> None:
        self.confirmed_at = -math.inf
        self._wanted.set()

    def _disconnect(self) -> None:
        self.confirmed_at = -math.inf
        connection, self._connection = self._connection, None
        _answer(self._answered + self._waiting, False)
        self._answered, self._waiting = [], []
        if connection is not None:
            connection.terminate()

    def _complain(self, error: Exception) -> None:
        """Say once that nothing is heard, not at every attempt."""
        if self._was_heard:
            self._was_heard = False
            log.warning(
                "not listening",
                extra={"action": "listener.lost", "channel": self._channel,
                       "reason": type(error).__name__},
            )  # fmt: skip

    def _take(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._on_message(str(payload))


def _answer(waiting: "list[asyncio.Future[bool]]", is_settled: bool) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(is_settled)
