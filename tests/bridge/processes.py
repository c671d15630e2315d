"""Real Farout processes on one pair of databases, and sessions that were made by hand."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from backend.devtools.discord.standin import STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET
from bench.connection import Connection as Wire
from bench.driver import encode
from tests.fixtures.application import KEY
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import FaroutProcess, free_port

COOKIE = "farout_session"
_MAKE = """
WITH made AS (
    INSERT INTO users (username) SELECT 'person' || i FROM generate_series(1, $2::int) AS i
    RETURNING id
)
INSERT INTO sessions (user_id, token_hash, expires_at, method)
SELECT id, hash, now() + interval '1 day', 'password'
FROM (SELECT id, row_number() OVER () AS n FROM made) AS numbered
JOIN unnest($1::bytea[]) WITH ORDINALITY AS tokens (hash, n) USING (n)
"""


async def make_sessions(auth: Connection, count: int) -> list[str]:
    """Make users with one session each; returns the cookies' values."""
    tokens = [secrets.token_urlsafe(32) for _ in range(count)]
    await auth.execute(_MAKE, [token_digest(token) for token in tokens], count)
    return tokens


def token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def environment(server: Server, **chosen: str) -> dict[str, str]:
    """Settings of both sides; Discord is nowhere."""
    return {
        "PUBLIC_URL": "http://127.0.0.1",
        "AUTH_DATABASE_URL": server.url("farout_auth_service", "farout_auth"),
        "DATABASE_URL": server.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": server.url("farout_sync", "farout"),
        "DISCORD_CLIENT_ID": STANDIN_CLIENT_ID,
        "DISCORD_CLIENT_SECRET": STANDIN_CLIENT_SECRET,
        "ENCRYPTION_KEYS": KEY,
        **chosen,
    }


@asynccontextmanager
async def running(settings: dict[str, str], *options: str) -> AsyncIterator[FaroutProcess]:
    """``farout serve`` with these settings and options."""
    process = FaroutProcess(settings, free_port(), *options)
    await process.start()
    async with AsyncExitStack() as opened:
        opened.push_async_callback(process.stop)
        await _listens(process.port)
        yield process


async def _listens(port: int) -> None:
    """Wait until one of several workers takes connections; their parent is ready before them."""
    async with asyncio.timeout(120):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


class Caller:
    """A connection to one process, asking for sessions in turn."""

    def __init__(self, process: FaroutProcess, path: str = "/auth/session") -> None:
        self._base = f"http://127.0.0.1:{process.port}"
        self._path = path
        self._wire = Wire("127.0.0.1", process.port)

    async def status(self, token: str) -> int:
        request = encode("GET", self._path, self._base, {COOKIE: token})
        return (await self._wire.request(request)).status

    def close(self) -> None:
        self._wire.close()
