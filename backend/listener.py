"""A connection that listens to PostgreSQL's notices and knows how fresh its knowledge is.

A broken connection is noticed at once, a silent one by its heartbeat: a statement that PostgreSQL
answers only after it has sent every notice that was committed before.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable
from typing import Any

import asyncpg

log = logging.getLogger(__name__)

_TROUBLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Listener:
    """Calls ``on_message`` with each notice of one channel; connects again for as long as it runs.

    ``confirmed_at`` is the moment (``time.monotonic``) up to which nothing can have been missed, minus
    infinity while there is no connection. ``epoch`` grows with each new connection: notices
    between two of them are lost.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        on_message: Callable[[str], None],
        *,
        heartbeat_seconds: float = 0.25,
        answer_seconds: float = 2,
    ) -> None:
        self._url = url.replace("postgres://", "postgresql://", 1)
        self._channel = channel
        self._on_message = on_message
        self._heartbeat_seconds = heartbeat_seconds
        self._answer_seconds = answer_seconds
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._task: asyncio.Task[None] | None = None
        # One statement at a time on the connection.
        self._busy = asyncio.Lock()
        self.confirmed_at = -math.inf
        self.epoch = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"listen to {self._channel}")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._disconnect()

    async def settle(self) -> bool:
        """Wait until all notices committed before this call were handled; False if none can tell."""
        connection = self._connection
        if connection is None:
            return False
        try:
            await self._beat(connection)
        except _TROUBLE:
            # The loop below notices by itself; nothing is fresh until it has connected again.
            self.confirmed_at = -math.inf
            return False
        return True

    async def _run(self) -> None:
        delay = 0.1
        while True:
            try:
                self._connection = await self._connect()
                delay = 0.1
                while True:
                    await self._beat(self._connection)
                    await asyncio.sleep(self._heartbeat_seconds)
            except _TROUBLE as error:
                log.warning(
                    "not listening",
                    extra={"action": "listener.lost", "channel": self._channel,
                           "reason": type(error).__name__},
                )  # fmt: skip
            finally:
                self.confirmed_at = -math.inf
                await self._disconnect()
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            delay = min(delay * 2, 2)

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = await asyncpg.connect(
            self._url,
            timeout=self._answer_seconds,
            server_settings={"application_name": f"farout listens to {self._channel}"},
        )
        await connection.add_listener(self._channel, self._take)
        self.epoch += 1
        return connection

    async def _beat(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        async with self._busy:
            asked_at = time.monotonic()
            await connection.execute("SELECT 1", timeout=self._answer_seconds)
            self.confirmed_at = asked_at

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _take(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._on_message(str(payload))
