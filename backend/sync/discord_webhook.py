"""Messages to a Discord channel through its webhook. The address is a secret: it is never named."""

import logging
import math
import time
from collections.abc import Callable

import httpx2
import orjson

from backend.discord.http import AiohttpTransport, user_agent

log = logging.getLogger(__name__)

_LONGEST_MESSAGE = 2000
_PAUSE_SECONDS = 30.0
_LONGEST_PAUSE = 900.0
# The webhook is gone, or was never ours; Discord bans who goes on calling.
_GONE = frozenset({401, 403, 404, 410})


class NotSent(Exception):
    """The message did not go out; ``reason`` holds nothing of the address."""


class DiscordWebhook:
    """Sends to one channel, and waits as long as Discord says."""

    def __init__(
        self,
        url: str,
        *,
        public_url: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._user_agent = user_agent(public_url)
        self._transport = transport or AiohttpTransport()
        self._clock = clock
        self._not_before = -math.inf
        self._pause = _PAUSE_SECONDS

    async def send(self, text: str) -> None:
        """Post one message that mentions nobody; raises NotSent."""
        if self._clock() < self._not_before:
            raise NotSent("waiting before the next attempt")
        status, wait = await self._post(text[:_LONGEST_MESSAGE])
        if 200 <= status < 300:
            self._pause = _PAUSE_SECONDS
            return
        if status in _GONE:
            self._not_before = math.inf
            log.error(
                "alerts cannot be sent: Discord does not know this webhook; set ALERT_WEBHOOK_URL anew",
                extra={"action": "alerts.webhook_gone", "status": status},
            )
        else:
            self._wait(wait)
        raise NotSent(f"Discord answered {status}" if status else "Discord cannot be reached")

    async def close(self) -> None:
        await self._transport.aclose()

    async def _post(self, text: str) -> tuple[int, float]:
        """Return Discord's status, 0 for no answer, and the seconds that it wants us to wait."""
        # By the transport itself: a client would log the address.
        request = httpx2.Request(
            "POST",
            self._url,
            headers={"User-Agent": self._user_agent, "Content-Type": "application/json"},
            content=orjson.dumps({"content": text, "allowed_mentions": {"parse": []}}),
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx2.TransportError:
            return 0, 0.0
        return response.status_code, _retry_after(response)

    def _wait(self, wanted: float) -> None:
        self._not_before = self._clock() + max(self._pause, wanted)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def _retry_after(response: httpx2.Response) -> float:
    """Return what a 429 asks for, in the header or the body; 0 where it says nothing of use."""
    try:
        seconds = float(response.headers["retry-after"])
    except (KeyError, ValueError):
        try:
            seconds = float(orjson.loads(response.content)["retry_after"])
        except (KeyError, TypeError, ValueError):
            return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
