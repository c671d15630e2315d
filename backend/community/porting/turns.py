"""How many downloads of an export run at a time: each holds a connection and a snapshot while it lasts."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

from backend.community.porting.errors import ExportsBusy

AT_ONCE = 2


class Turns:
    """A number of turns; who finds none is told to come back, as waiting would hold a request open."""

    def __init__(self, number: int) -> None:
        self._free = number

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have a turn for the block. Raises ExportsBusy."""
        if self._free == 0:
            raise ExportsBusy
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


# One process serves one community.
_DOWNLOADS = Turns(AT_ONCE)


async def download() -> AsyncIterator[AsyncExitStack]:
    """Yield what ends with the answer, after its last byte or when the client has gone."""
    with _DOWNLOADS.taken():
        async with AsyncExitStack() as ending:
            yield ending
