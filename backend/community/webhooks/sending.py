"""One signed request to one endpoint, and what became of it."""

import asyncio
import socket
import ssl
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from backend import __version__
from backend.community.webhooks.errors import TargetRefused
from backend.community.webhooks.targets import (
    CheckedResolver,
    OwnThreads,
    TargetRules,
    checked_socket,
)

TOTAL_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_ANSWER_BYTES = 1024
_ANSWER_CHARACTERS = 300
_LONGEST_RETRY_AFTER = 3600
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an endpoint answered, or why there is no answer."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    answer: str | None = None
    retry_after: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410

    @property
    def is_of_the_event(self) -> bool:
        """Whether the endpoint is fine, and refused this one event."""
        return self.status in (400, 409, 413, 415, 422)


class Sender:
    """Posts to addresses that people chose; nothing it connects to is in our own network.

    ``resolver`` and ``trust`` are seams for tests: who resolves names, and who vouches for receivers.
    """

    def __init__(
        self,
        rules: TargetRules,
        *,
        resolver: AbstractResolver | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = rules
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=CheckedResolver(resolver or OwnThreads(), rules),
                socket_factory=partial(checked_socket, rules),
                ssl=trust or True,
                # Each delivery asks where the name leads, and connects to what was looked at.
                use_dns_cache=False,
                force_close=True,
                limit=0,
            ),
            timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=_CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post once. Whatever happens is an outcome and no exception."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(TOTAL_SECONDS + 1):
                status, answer, retry_after = await self._post(url, headers, body)
        except Exception as error:
            return Outcome(_milliseconds(started), error=explain(error))
        complaint = "redirects are not followed" if status in _REDIRECTS else None
        return Outcome(_milliseconds(started), status, complaint, answer, retry_after)

    async def close(self) -> None:
        await self._session.close()

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str | None, int]:
        # Judged again: the rules may be stricter now than when it was typed.
        target = URL(self._rules.check_url(url))
        sent = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"Farout/{__version__} (webhooks)",
            **headers,
        }
        async with self._session.post(
            target, data=body, headers=sent, allow_redirects=False
        ) as response:
            answer = await _beginning(response)
            retry_after = response.headers.get("Retry-After", "")
            return response.status, readable(answer), _seconds(retry_after)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Read what the log shows; the status counts, whatever becomes of the rest."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await response.content.read(_ANSWER_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return b""


def readable(answer: bytes) -> str | None:
    """Return the beginning of an answer, in characters that do nothing to the page around them."""
    text = answer.decode("utf-8", "replace")
    plain = "".join(
        " " if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") else char
        for char in text
    )
    return " ".join(plain.split())[:_ANSWER_CHARACTERS] or None


def explain(error: Exception) -> str:
    """Say what went wrong, without an address: it may be one that nobody outside should learn."""
    if isinstance(error, TargetRefused):
        return f"refused: {error.reason}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorSSLError | aiohttp.ClientSSLError):
        return "no secure connection could be made"
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return "the name leads nowhere"
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionError):
        return "the connection was refused or broken off"
    if isinstance(error, aiohttp.ClientError | OSError):
        return "the answer was broken off, or is no HTTP"
    return "unexpected failure"


def _seconds(retry_after: str) -> int:
    is_number = retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10
    return min(int(retry_after), _LONGEST_RETRY_AFTER) if is_number else 0


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
