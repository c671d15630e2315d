"""What ends a token gives notice, so that no process goes on with what it remembers of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection

CHANNEL = "farout_revocations"


@pytest.fixture
async def notices(auth_owner: Connection) -> AsyncIterator["asyncio.Queue[str]"]:
    heard: asyncio.Queue[str] = asyncio.Queue()

    def hear(_: object, __: int, ___: str, payload: object) -> None:
        heard.put_nowait(str(payload))

    await auth_owner.add_listener(CHANNEL, hear)
    yield heard
    await auth_owner.remove_listener(CHANNEL, hear)


async def test_a_token_that_is_given_back_names_its_session(
    farout: Farout, auth_owner: Connection, notices: "asyncio.Queue[str]"
) -> None:
    browser = await farout.signed_in()
    issued = (await browser.post("/auth/token")).json()
    await browser.post("/auth/token/revoke", json={"token": issued["access_token"]})

    session_id = await auth_owner.fetchval("SELECT id FROM sessions")
    async with asyncio.timeout(5):
        while await notices.get() != f"session {session_id}":
            pass


async def test_a_signing_key_that_is_taken_away_concerns_everybody(
    farout: Farout, auth_owner: Connection, notices: "asyncio.Queue[str]"
) -> None:
    await auth_owner.execute("UPDATE signing_keys SET private_key = private_key")
    assert notices.empty()

    try:
        await auth_owner.execute("UPDATE signing_keys SET retired_at = now() + interval '1 day'")
        async with asyncio.timeout(5):
            assert await notices.get() == "all"
    finally:
        await auth_owner.execute("UPDATE signing_keys SET retired_at = NULL")
