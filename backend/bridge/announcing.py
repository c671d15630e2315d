"""Telling a community service of a sign-in before the browser gets there."""

import asyncio

from backend.bridge.delivery import Transport
from backend.bridge.errors import CommunityUnavailable
from backend.bridge.events import Event

# A person waits meanwhile; what is not told in this time comes out of the outbox.
ANNOUNCE_SECONDS = 2.0


class Announcer:
    """Sends one event at once, once; raises CommunityUnavailable."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def __call__(self, event: Event) -> None:
        try:
            async with asyncio.timeout(ANNOUNCE_SECONDS):
                [failure] = await self._transport.deliver([event])
        except TimeoutError as error:
            raise CommunityUnavailable from error
        if failure is not None:
            raise CommunityUnavailable

    async def close(self) -> None:
        await self._transport.close()
