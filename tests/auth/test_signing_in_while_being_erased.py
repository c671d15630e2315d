"""A sign-in that meets, in the same milliseconds, the erasure of the very account it is for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2

from backend.devtools.discord.seeds import NOVA_ID
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import PASSWORD, enrol, make_local_user, signed_in_with_password

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
Answering = Coroutine[Any, Any, httpx2.Response]


async def _meets_an_erasure(owner: Connection, begin: Callable[[], Answering]) -> httpx2.Response:
    """Send a request that comes to stand behind the deletion of all accounts, which then commits."""
    async with asyncio.timeout(30), owner.transaction():
        await owner.execute("DELETE FROM users")
        asked = asyncio.create_task(begin())
        while not await owner.fetchval(_WAITING):
            assert not asked.done(), "it never waited"
            await owner.execute("SELECT pg_stat_clear_snapshot()")
    return await asked


async def test_a_password_finds_the_account_gone_and_says_try_again(
    farout: Farout, auth_owner: Connection
) -> None:
    await make_local_user(farout, auth_owner)
    await enrol(await signed_in_with_password(farout))
    browser = farout.browser()
    right = {"identifier": "quiet", "password": PASSWORD}

    met = await _meets_an_erasure(auth_owner, lambda: browser.post("/auth/login", json=right))

    assert (met.status_code, met.json()["code"]) == (503, "collision")
    assert met.headers["retry-after"] == "1"
    again = await browser.post("/auth/login", json=right)
    assert (again.status_code, again.json()["code"]) == (401, "invalid_credentials")
    assert await auth_owner.fetchval("SELECT count(*) FROM challenges") == 0


async def test_a_session_that_asks_for_tokens_finds_itself_gone(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await farout.signed_in(NOVA_ID)

    met = await _meets_an_erasure(auth_owner, lambda: browser.post("/auth/token"))

    assert (met.status_code, met.json()["code"]) == (503, "collision")
    assert await auth_owner.fetchval("SELECT count(*) FROM refresh_tokens") == 0


async def test_a_sign_in_with_discord_makes_a_new_account(
    farout: Farout, auth_owner: Connection
) -> None:
    await farout.signed_in(NOVA_ID)
    before = await auth_owner.fetchval("SELECT id FROM users")
    browser = farout.browser()
    callback = farout.standin.approve(await browser.begin(), NOVA_ID)

    met = await _meets_an_erasure(auth_owner, lambda: browser.get(callback))

    assert met.status_code == 303
    assert (await browser.get("/auth/session")).status_code == 200
    assert await auth_owner.fetchval("SELECT id FROM users") != before
