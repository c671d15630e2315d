"""Both databases in reach of one process: no wire at all."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from backend.bridge.delivery import Failure
from backend.bridge.events import Event
from backend.database import ValuesRefused
from backend.errors import Unavailable

log = logging.getLogger(__name__)

Apply = Callable[[Sequence[Event]], Awaitable[int]]


class DirectTransport:
    """Gives the events to the function that writes the mirror."""

    def __init__(self, apply: Apply) -> None:
        self._apply = apply

    async def deliver(self, events: Sequence[Event]) -> Sequence[Failure | None]:
        """Apply all at once; one that cannot be applied is found by trying each by itself."""
        try:
            await self._apply(events)
        except Unavailable as error:
            return [Failure(str(error), is_target_away=True)] * len(events)
        except ValuesRefused:
            return [await self._deliver_one(event) for event in events]
        return [None] * len(events)

    async def close(self) -> None:
        """Nothing is open."""

    async def _deliver_one(self, event: Event) -> Failure | None:
        try:
            await self._apply([event])
        except Unavailable as error:
            return Failure(str(error), is_target_away=True)
        except ValuesRefused as error:
            return Failure(f"the mirror cannot hold it: {error}", is_final=True)
        return None
