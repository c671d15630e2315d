"""More than one Farout on the same databases: replicas beside each other, or one after a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from backend.app import create_app
from backend.auth.side import Auth
from backend.bridge.settings import BridgeSettings
from backend.community.side import Community
from backend.schema.histories import AUTH, COMMUNITY
from tests.fixtures.application import Farout

CLIENT = ("203.0.113.7", 50000)


@asynccontextmanager
async def another_replica(
    farout: Farout,
    *,
    discord: httpx2.AsyncBaseTransport | None = None,
    bridge: BridgeSettings | None = None,
) -> AsyncIterator[Farout]:
    """Yield a Farout that shares nothing with the first but databases, settings and Discord."""
    auth = Auth.from_settings(
        farout.auth.settings,
        discord_transport=discord or httpx2.ASGITransport(app=farout.standin.app),
        password_rounds=4,
    )
    community = Community.from_settings(farout.community.settings)
    heads = {"auth": AUTH.head, "community": COMMUNITY.head}
    app = create_app(auth, community, heads=heads, bridge=bridge)
    async with app.router.lifespan_context(app):
        yield Farout(app, auth, community, farout.standin)


class Replicas(httpx2.AsyncBaseTransport):
    """Sends each request to the replica it names, else to the one that ``current`` says."""

    def __init__(self, first: FastAPI) -> None:
        self.current = 1
        self._transports = [httpx2.ASGITransport(app=first, client=CLIENT)]

    def __len__(self) -> int:
        return len(self._transports)

    def add(self, app: FastAPI) -> None:
        self._transports.append(httpx2.ASGITransport(app=app, client=CLIENT))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        number = request.extensions.get("replica", self.current)
        transport = self._transports[int(number) - 1]
        return await transport.handle_async_request(request)
