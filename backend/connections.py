"""asyncpg connections of one role to one database, kept for the next statement.

asyncpg's own pool costs as much for each statement as half of the statement (a task, a shield and
two timeouts to give a connection back). This one only keeps a list (docs/decisions/0003).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg


class Connections:
    """At most ``size`` connections, made when they are needed; the last one used goes out first."""

    def __init__(self, url: str, size: int, *, wait_seconds: float, **options: Any) -> None:
        self._url = url
        self._options = options
        self._wait_seconds = wait_seconds
        self._free = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection[asyncpg.Record]] = []

    async def take(self) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection; raises TimeoutError when none comes free, or what connecting raises."""
        if self._free.locked():
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        else:
            await self._free.acquire()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            connection.terminate()
        try:
            return await self.open()
        except BaseException:
            self._free.release()
            raise

    async def open(self) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection of the caller's own, counted by nobody; raises what connecting raises."""
        return await asyncpg.connect(self._url, **self._options)

    @contextmanager
    def lent(self, connection: "asyncpg.Connection[asyncpg.Record]") -> Iterator[None]:
        """Take the connection back at the end of the block; one that broke off is not used again."""
        try:
            yield
        except (asyncio.CancelledError, TimeoutError, asyncpg.InternalClientError):
            # In the middle of a statement whose answer is still to come, or of the server's farewell.
            connection.terminate()
            raise
        finally:
            if connection.is_closed():
                connection.terminate()
            else:
                self._idle.append(connection)
            self._free.release()

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()
