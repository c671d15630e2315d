"""Revocations as an answer that does not end: one JSON object a line."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.bridge.revocations import Broadcast, Subscription

# A reader whose buffers stay full for so long has hung up without saying so.
_SEND_SECONDS = 5.0


class RevocationStream(Response):
    """Sends notices and confirmations until the reader leaves, is too slow, or the process ends."""

    media_type = "application/x-ndjson"

    def __init__(self, broadcast: Broadcast) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._broadcast = broadcast
        # Here and not later: a refusal is still an answer of its own.
        self._subscription = broadcast.subscribe()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        subscription = self._subscription
        watching = asyncio.create_task(_end_when_gone(receive, subscription))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            lines = subscription.first_line()
            while lines:
                async with asyncio.timeout(_SEND_SECONDS):
                    await send({"type": "http.response.body", "body": lines, "more_body": True})
                lines = await subscription.lines()
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            # Not completed, so the server closes the connection.
            pass
        finally:
            watching.cancel()
            self._broadcast.unsubscribe(subscription)


async def _end_when_gone(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end()
