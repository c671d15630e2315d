"""Downloads of exports at the same time: a few run, others are told to come back, and none stays behind."""

import asyncio
import json
import tracemalloc
from contextlib import aclosing

import httpx2
import pytest

from backend.community.porting.exports import Format, export
from backend.community.porting.turns import AT_ONCE
from backend.devtools.discord.seeds import NOVA_ID
from tests.fixtures.application import ORIGIN, Browser
from tests.fixtures.community import People
from tests.fixtures.servers import free_port, serving
from tests.porting.conftest import Moving

# More than what two sockets and a server hold between them.
_MANY = """
    INSERT INTO members (discord_id, display_name, bio)
    SELECT 1000000000 + n, 'x', repeat('bio ', 1000) FROM generate_series(1, $1) AS n
"""
_OPEN = """
    SELECT count(*) FROM pg_stat_activity
    WHERE usename = 'farout_app' AND state = 'idle in transaction'
"""


@pytest.fixture
async def admin(people: People, moving: Moving) -> Browser:
    admin = await people.sign_in(NOVA_ID, role="admin")
    await moving.owner.execute("SET session_replication_role = replica")
    await moving.owner.execute(_MANY, 6000)
    await moving.owner.execute("SET session_replication_role = DEFAULT")
    return admin


def _client(admin: Browser, port: int) -> httpx2.AsyncClient:
    cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    headers = {"Cookie": cookies, "Host": ORIGIN.removeprefix("https://")}
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers)


async def _ended(moving: Moving) -> None:
    async with asyncio.timeout(20):
        while await moving.owner.fetchval(_OPEN):  # noqa: ASYNC110 - nobody can tell us
            await asyncio.sleep(0.02)


async def test_a_third_download_is_told_to_come_back_and_gets_its_turn_then(
    admin: Browser, people: People, moving: Moving
) -> None:
    port = free_port()
    await people.audited()
    async with serving(people.farout.app, port), _client(admin, port) as client:
        slow = [
            await client.send(client.build_request("GET", "/api/export"), stream=True)
            for _ in range(AT_ONCE)
        ]
        assert [answer.status_code for answer in slow] == [200] * AT_ONCE

        refused = [await client.get(f"/api/export?format={one}") for one in Format]

        assert {answer.status_code for answer in refused} == {503}
        assert refused[0].headers["retry-after"] == "60"
        assert refused[0].headers["content-type"] == "application/problem+json"
        assert refused[0].json()["code"] == "exports_busy"
        # Others work meanwhile, and nobody took anything along who was refused.
        assert (await client.get("/api/members")).status_code == 200
        assert await people.audited() == ["members.exported"] * AT_ONCE
        # One is read to its end, of the other the client has enough.
        await slow[0].aread()
        *rows, last = slow[0].text.splitlines()
        assert json.loads(last) == {"rows": len(rows) - 1}
        await slow[1].aclose()
        await _ended(moving)
        answers = await asyncio.gather(*(client.get("/api/export") for _ in range(AT_ONCE)))
        assert [answer.status_code for answer in answers] == [200] * AT_ONCE
        crowd = await asyncio.gather(*(client.get("/api/export") for _ in range(8)))
        assert {answer.status_code for answer in crowd} == {200, 503}
        assert sum(answer.status_code == 200 for answer in crowd) >= AT_ONCE
    await _ended(moving)


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("wanted", Format)
async def test_an_export_holds_a_few_rows_at_a_time(moving: Moving, wanted: Format) -> None:
    await moving.database.revision()
    written = 0
    tracemalloc.start()
    try:
        async with aclosing(export(moving.database, wanted)) as chunks:
            async for chunk in chunks:
                written += len(chunk)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert wanted is Format.CSV or written > 24_000_000
    assert most < 18_000_000
