"""One process: what is remembered costs nothing, and what was ended here is over at the next request.

The clients here, unlike the other tests' browsers, do not wait for notices before they ask.
"""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from backend.bridge.identity_cache import IdentityCache
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import ORIGIN, SESSION_COOKIE, Browser, Farout
from tests.fixtures.databases import Connection

_CALLS = """
SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
WHERE r.rolname IN ('farout_auth_service', 'farout_app', 'farout_sync')
    AND s.query <> 'SELECT $1'  -- the listener's heartbeat
"""
_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = 'farout listens to farout_revocations'
"""


class Client(httpx2.AsyncClient):
    """Somebody with a session cookie who asks as quickly as they can."""

    def __init__(self, farout: Farout, browser: Browser) -> None:
        super().__init__(
            transport=httpx2.ASGITransport(app=farout.app),
            base_url=ORIGIN,
            headers={"Sec-Fetch-Site": "same-origin"},
            cookies={SESSION_COOKIE: browser.session_token or ""},
        )

    async def status(self) -> int:
        return (await self.get("/auth/session")).status_code


@pytest.fixture
def cache(farout: Farout) -> IdentityCache:
    found: IdentityCache = farout.app.state.identity_cache
    return found


@pytest.fixture
async def listening(farout: Farout) -> None:
    """Wait until the notices are heard."""
    await _heard(farout)


async def _heard(farout: Farout) -> None:
    async with asyncio.timeout(10):
        while not await farout.auth.settle():  # noqa: ASYNC110 - it says no at once while it connects
            await asyncio.sleep(0.02)


@pytest.fixture
async def statistics(auth_owner: Connection) -> AsyncIterator[Connection]:
    try:
        await auth_owner.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await auth_owner.fetchval(_CALLS)
    except asyncpg.PostgresError as error:
        pytest.skip(f"the server does not count statements: {error}")
    yield auth_owner
    await auth_owner.execute("DROP EXTENSION pg_stat_statements")


async def test_a_session_check_costs_no_statement_once_the_caller_is_known(
    farout: Farout, cache: IdentityCache, listening: None, statistics: Connection
) -> None:
    client = Client(farout, await farout.signed_in())
    token = (await client.post("/auth/token")).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    await client.get("/auth/session")
    await client.get("/auth/session", headers=bearer)
    before, hits = await statistics.fetchval(_CALLS), cache.hits

    for _ in range(50):
        assert (await client.get("/auth/session")).status_code == 200
        assert (await client.get("/auth/session", headers=bearer)).status_code == 200

    assert await statistics.fetchval(_CALLS) == before
    assert cache.hits == hits + 100


async def test_signing_out_is_felt_by_the_next_request(farout: Farout, listening: None) -> None:
    for path in ("/auth/logout", "/sign-out"):
        browser = await farout.signed_in()
        client, copy = Client(farout, browser), Client(farout, browser)
        assert await copy.status() == 200

        await client.post(path)

        assert await copy.status() == 401


async def test_a_replaced_session_is_over_at_the_next_request(
    farout: Farout, listening: None
) -> None:
    browser = await farout.signed_in()
    copy = Client(farout, browser)
    assert await copy.status() == 200

    await browser.sign_in()

    assert await copy.status() == 401


async def test_what_an_admin_does_is_felt_by_the_next_request(
    farout: Farout, listening: None
) -> None:
    admin = Client(farout, await farout.signed_in(NOVA_ID, role="admin"))
    cosmo = Client(farout, await farout.signed_in(COSMO_ID))
    uid = (await cosmo.get("/auth/session")).json()["user"]["uid"]
    assert (await cosmo.get("/auth/users")).status_code == 403

    await admin.patch(f"/auth/users/{uid}", json={"role": "admin"})
    assert (await cosmo.get("/auth/users")).status_code == 200
    await admin.post(f"/admin/users/{uid}/role", data={"role": "member"})
    assert (await cosmo.get("/auth/users")).status_code == 403
    await admin.patch(f"/auth/users/{uid}", json={"is_active": False})
    assert await cosmo.status() == 401


async def test_a_change_by_hand_is_felt_within_a_second(
    farout: Farout, listening: None, auth_owner: Connection
) -> None:
    for change in (
        "UPDATE users SET is_active = false",
        "UPDATE account_security SET banned_at = now()",
        "UPDATE sessions SET revoked_at = now(), revoked_reason = 'test'",
        "UPDATE sessions SET expires_at = now()",
        "DELETE FROM sessions",
        "TRUNCATE sessions CASCADE",
        "DELETE FROM users",
    ):
        client = Client(farout, await farout.signed_in())
        assert await client.status() == 200

        await auth_owner.execute(change)
        committed = time.monotonic()
        while await client.status() == 200:
            assert time.monotonic() - committed < 1, change
            await asyncio.sleep(0)

        await auth_owner.execute("DELETE FROM users")


async def test_a_cut_channel_leaves_no_stale_answer(
    farout: Farout, cache: IdentityCache, listening: None, auth_owner: Connection
) -> None:
    client = Client(farout, await farout.signed_in())
    assert await client.status() == 200

    assert await auth_owner.fetchval(_CUT) == 1
    await auth_owner.execute("UPDATE sessions SET revoked_at = now(), revoked_reason = 'test'")
    # The end of the connection is news that is on its way to us, like the notice itself.
    await _heard(farout)
    assert await client.status() == 401


async def test_with_auth_away_a_known_session_answers_for_five_minutes_and_nobody_else(
    farout: Farout, cache: IdentityCache, listening: None, auth_owner: Connection
) -> None:
    known = Client(farout, await farout.signed_in(NOVA_ID))
    unknown = Client(farout, await farout.signed_in(COSMO_ID))
    assert await known.status() == 200
    before, clock = cache.fallbacks, cache.clock
    await auth_owner.execute("REVOKE CONNECT ON DATABASE farout_auth FROM farout_auth_service")
    try:
        await auth_owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'farout_auth_service'"
        )
        assert not await farout.auth.settle()
        assert [await known.status(), await unknown.status()] == [200, 503]
        cache.clock = lambda: clock() + 301
        assert [await known.status(), await unknown.status()] == [503, 503]
    finally:
        cache.clock = clock
        await auth_owner.execute("GRANT CONNECT ON DATABASE farout_auth TO farout_auth_service")
    assert cache.fallbacks == before + 1
    await _heard(farout)
    await auth_owner.execute("UPDATE sessions SET revoked_at = now(), revoked_reason = 'test'")
    await _heard(farout)
    assert [await known.status(), await unknown.status()] == [401, 401]


async def test_many_who_wait_share_a_heartbeat(
    farout: Farout, listening: None, auth_owner: Connection
) -> None:
    assert all(await asyncio.gather(*(farout.auth.settle() for _ in range(500))))
