"""Events as signed HTTP requests to the community service."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp

from backend.bridge.delivery import Failure
from backend.bridge.event_codec import encode
from backend.bridge.events import Event
from backend.bridge.signatures import sign

PATH = "/internal/events"
_AT_ONCE = 16
_TOTAL_SECONDS = 5.0
_CONNECT_SECONDS = 2.0
# Well below the time after which PostgreSQL ends a transaction that is idle.
_BATCH_SECONDS = 6.0
_LONGEST_RETRY_AFTER = 3600.0
_NO_ANSWER = (aiohttp.ClientError, TimeoutError, OSError)
# What the receiver says of the event itself. Everything else is the receiver's own trouble, or a
# secret or address that an operator has to mend: the event is fine and stays.
_OF_THE_EVENT = frozenset({400, 409, 413, 415, 422, 500})


class WebhookTransport:
    """Posts each event; one connection pool for as long as the process lives."""

    def __init__(self, community_service_url: str, keys: Sequence[bytes]) -> None:
        self._url = f"{community_service_url}{PATH}"
        self._keys = tuple(keys)
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, events: Sequence[Event]) -> Sequence[Failure | None]:
        """Post several at once. Where nobody answers the rest is not tried: locks are held."""
        places = asyncio.Semaphore(_AT_ONCE)
        is_silent = asyncio.Event()
        started_at = time.monotonic()

        async def post(event: Event) -> Failure | None:
            async with places:
                if is_silent.is_set() or time.monotonic() - started_at > _BATCH_SECONDS:
                    return Failure("the community service takes too long", is_target_away=True)
                try:
                    return await self._post(event)
                except _NO_ANSWER as error:
                    is_silent.set()
                    reason = f"the community service does not answer: {type(error).__name__}"
                    return Failure(reason, is_target_away=True)

        return await asyncio.gather(*(post(event) for event in events))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, event: Event) -> Failure | None:
        body = encode(event)
        headers = sign(self._keys, message_id=str(event.id), body=body, now=time.time())
        async with self._client().post(
            self._url,
            data=body,
            headers={"Content-Type": "application/json", **headers},
            # A redirect would take the signed body elsewhere.
            allow_redirects=False,
        ) as response:
            return _outcome(response.status, response.headers.get("Retry-After", ""))

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TOTAL_SECONDS, sock_connect=_CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _outcome(status: int, retry_after: str) -> Failure | None:
    if 200 <= status < 300:
        return None
    reason = f"the community service answered {status}"
    if status in _OF_THE_EVENT:
        return Failure(reason)
    seconds = float(retry_after) if retry_after.isdecimal() else None
    return Failure(
        reason,
        is_target_away=True,
        retry_after=None if seconds is None else min(seconds, _LONGEST_RETRY_AFTER),
    )
