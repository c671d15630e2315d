"""Five servers start at the same moment on a database without a signing key."""

import asyncio

import httpx2
import pytest

from tests.auth.test_signing_key_rotation import keys
from tests.fixtures.application import KEY
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import FaroutProcess, free_port

__all__ = ["keys"]


@pytest.mark.slow
async def test_five_servers_that_start_at_once_make_one_key(
    keys: Connection, migrated: Server
) -> None:
    await keys.execute("DELETE FROM signing_keys")
    environment = {
        "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
        "DATABASE_URL": migrated.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
        "DISCORD_CLIENT_ID": "1",
        "DISCORD_CLIENT_SECRET": "x",
        "ENCRYPTION_KEYS": KEY,
    }
    servers = [FaroutProcess(environment, free_port()) for _ in range(5)]
    try:
        await asyncio.gather(*(server.start() for server in servers))
        published = [await _published(server) for server in servers]
    finally:
        for server in servers:
            await server.stop()

    kid = await keys.fetchval("SELECT kid FROM signing_keys")
    assert await keys.fetchval("SELECT count(*) FROM signing_keys") == 1
    assert published == [[kid]] * 5


async def _published(server: FaroutProcess) -> list[str]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        keys = await client.get(f"http://127.0.0.1:{server.port}/.well-known/jwks.json")
    return [key["kid"] for key in keys.json()["keys"]]
