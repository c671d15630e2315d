"""One call at a time for each thing that is asked for, whoever asks for it in this process."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Whoever asks while the same is under way waits for that answer.

    A flight goes on when everybody who waits has gone away: its answer may be one that is given
    only once. At most ``size`` different ones are in the air.
    """

    def __init__(self, size: int) -> None:
        self._room = asyncio.Semaphore(size)
        self._flights: dict[Hashable, asyncio.Task[Result]] = {}

    async def fly(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._run(work))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    async def land(self) -> None:
        """Wait for everything that is under way."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    def _landed(self, key: Hashable, flight: asyncio.Task[Result]) -> None:
        del self._flights[key]
        # Whoever waited has got it; if nobody did, the loop should not complain of it.
        if not flight.cancelled():
            flight.exception()

    async def _run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        async with self._room:
            return await work()
