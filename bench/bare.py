"""The least that a session check can cost here: Starlette, one prepared statement, nothing else.

It reads the same tables with the same cookie as Farout: ``uvicorn bench.bare:app``.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from asyncpg.prepared_stmt import PreparedStatement
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CONNECTIONS = 10
LOOKUP = """
SELECT s.id AS session_id, s.created_at, s.expires_at,
    u.id, u.username, u.role, u.discord_id, u.avatar, u.email
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > now()
"""

_idle: "asyncio.LifoQueue[PreparedStatement[asyncpg.Record]]" = asyncio.LifoQueue()


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    url = os.environ["AUTH_DATABASE_URL"]
    connections = [await asyncpg.connect(url) for _ in range(CONNECTIONS)]
    for connection in connections:
        _idle.put_nowait(await connection.prepare(LOOKUP))
    yield
    for connection in connections:
        await connection.close()


async def session(request: Request) -> Response:
    token = request.cookies.get("farout_session", "")
    lookup = await _idle.get()
    try:
        row = await lookup.fetchrow(hashlib.sha256(token.encode()).digest())
    finally:
        _idle.put_nowait(lookup)
    if row is None:
        return Response(b"{}", 401, media_type="application/json")
    return Response(orjson.dumps(dict(row), default=str), media_type="application/json")


async def healthz(_: Request) -> Response:
    return Response(b"{}")


app = Starlette(
    lifespan=_lifespan, routes=[Route("/auth/session", session), Route("/healthz", healthz)]
)
