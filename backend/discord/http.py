"""The HTTP under every call to Discord: quick, small answers only, no redirect followed."""

import asyncio
from collections.abc import Sequence

import aiohttp
import httpx2

from backend import __version__

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
TOTAL_SECONDS = 8.0
LARGEST_ANSWER = 1024 * 1024


class AnswerTooLarge(httpx2.TransportError):
    """The answer went on past LARGEST_ANSWER bytes, counted after decompression."""


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends httpx2's requests with aiohttp, which costs half the CPU (docs/decisions/0003)."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        headers = [(k.decode("ascii"), v.decode("latin-1")) for k, v in request.headers.raw]
        body = await request.aread()
        try:
            async with self._session.request(
                request.method, str(request.url), headers=headers, data=body, allow_redirects=False
            ) as response:
                content = await _read(response)
        except TimeoutError as error:
            raise httpx2.TimeoutException("no answer in time") from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise httpx2.TransportError(type(error).__name__) from error
        kept: Sequence[tuple[bytes, bytes]] = [
            (name, value)
            for name, value in response.raw_headers
            if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding")
        ]
        return httpx2.Response(response.status, headers=kept, content=content, request=request)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks = bytearray()
    async for chunk in response.content.iter_any():
        chunks += chunk
        if len(chunks) > LARGEST_ANSWER:
            raise AnswerTooLarge("answer too large")
    return bytes(chunks)


def user_agent(public_url: str) -> str:
    """Return what Discord asks every client to call itself (Discord facts 8)."""
    return f"DiscordBot ({public_url}, {__version__})"


def total_budget() -> asyncio.Timeout:
    """Bound a whole exchange with Discord: a limit per read does not stop a slow drip."""
    return asyncio.timeout(TOTAL_SECONDS)
