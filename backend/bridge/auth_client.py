"""The auth service, asked over HTTP. Whatever goes wrong there is AuthUnavailable here."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import aiohttp
import orjson

from backend.bridge import wire
from backend.bridge.errors import AuthUnavailable
from backend.bridge.events import UserState
from backend.bridge.identity import Credentials, Identity
from backend.bridge.users import UserCount

log = logging.getLogger(__name__)

_ANSWER = aiohttp.ClientTimeout(total=2.0, sock_connect=1.0)
_LONG_ANSWER = aiohttp.ClientTimeout(total=15.0, sock_connect=1.0)
_SILENCE = aiohttp.ClientTimeout(total=None, sock_connect=1.0, sock_read=2.0)
# Shorter than servers keep idle connections, so that none is used at the moment it is closed.
_KEEP_ALIVE_SECONDS = 3.0
_LARGEST_ANSWER = 16 * 1024 * 1024
_TROUBLE = (aiohttp.ClientError, TimeoutError, OSError, ValueError)

Answer = TypeVar("Answer")


class AuthClient:
    """One a process, with the connections it keeps; a UserDirectory, too."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Internal-Token": key, "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def identify(self, credentials: Credentials) -> Identity | None:
        asked = {"cookie": credentials.cookie, "bearer": credentials.bearer}
        body = {name: value for name, value in asked.items() if value is not None}
        return await self._ask("POST", "/validate", wire.read_identity, body=body)

    async def find(self, uid: UUID) -> UserState | None:
        return await self._ask("GET", f"/users/{uid}", wire.read_user)

    async def page(self, *, after: int, upto: int | None, limit: int) -> Sequence[UserState]:
        query = f"after={after}&limit={limit}" + ("" if upto is None else f"&upto={upto}")
        return await self._ask("GET", f"/users?{query}", wire.read_users, timeout=_LONG_ANSWER)

    async def count(self) -> UserCount:
        return await self._ask("GET", "/users/count", wire.read_count, timeout=_LONG_ANSWER)

    async def own_data(self, uid: UUID) -> dict[str, Any] | None:
        return await self._ask(
            "GET", f"/users/{uid}/own-data", wire.read_own_data, timeout=_LONG_ANSWER
        )

    async def announce_again(self, uids: Sequence[UUID], *, above: int) -> Sequence[UserState]:
        return await self._ask(
            "POST",
            "/users/announce-again",
            wire.read_users,
            body={"uids": [str(uid) for uid in uids], "above": above},
            timeout=_LONG_ANSWER,
        )

    @asynccontextmanager
    async def revocations(self) -> AsyncIterator[aiohttp.StreamReader]:
        """Yield the stream of revocations; raises AuthUnavailable when it cannot be opened."""
        async with self._client().get(
            f"{self._url}/internal/revocations",
            headers=self._headers,
            timeout=_SILENCE,
            allow_redirects=False,
        ) as response:
            if response.status != 200:
                self._complain("/revocations", response.status, await response.content.read(2000))
                raise AuthUnavailable
            yield response.content

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(
        self,
        method: str,
        path: str,
        read: Callable[[bytes], Answer],
        *,
        body: dict[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout = _ANSWER,  # noqa: ASYNC109 - aiohttp's own kind of timeout
    ) -> Answer:
        data = None if body is None else orjson.dumps(body)
        try:
            try:
                status, answer = await self._send(method, path, data, timeout)
            except (aiohttp.ServerDisconnectedError, ConnectionResetError):
                # A kept connection that was closed meanwhile says nothing of whether auth is there.
                status, answer = await self._send(method, path, data, timeout)
        except _TROUBLE as error:
            log.warning(
                "the auth service does not answer",
                extra={"action": "auth.unreachable", "reason": type(error).__name__},
            )
            raise AuthUnavailable from error
        if status != 200:
            self._complain(path, status, answer)
            raise AuthUnavailable
        try:
            return read(answer)
        except wire.Unreadable:
            self._complain(path, status, b"")
            raise AuthUnavailable from None

    async def _send(
        self, method: str, path: str, data: bytes | None, limits: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        async with self._client().request(
            method,
            f"{self._url}/internal{path}",
            data=data,
            headers=self._headers,
            timeout=limits,
            # A redirect would take the key elsewhere.
            allow_redirects=False,
        ) as response:
            answer = bytearray()
            async for chunk in response.content.iter_any():
                answer += chunk
                if len(answer) > _LARGEST_ANSWER:
                    raise ValueError("answer too large")
            return response.status, bytes(answer)

    def _complain(self, path: str, status: int, answer: bytes) -> None:
        """Log what an operator has to mend; the detail is a sentence of our own service."""
        try:
            detail = str(orjson.loads(answer)["detail"])[:200]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            detail = "not an answer of Farout"
        log.error(
            "the auth service refuses",
            extra={"action": "auth.refused", "path": path.partition("?")[0], "status": status,
                   "detail": detail},
        )  # fmt: skip

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=_KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
