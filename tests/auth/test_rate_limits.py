"""Limits that all processes share, told in headers, by the address that a trusted proxy names."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from backend.auth.limits.actions import take
from backend.auth.limits.policies import DISCORD_SIGN_IN, PASSWORD_SIGN_IN, Policy
from backend.database import Database
from tests.fixtures.application import Browser, Farout, auth_settings
from tests.fixtures.databases import Connection, Server

NETWORK = "198.51.100.1/32"


@pytest.fixture
async def limited(farout: Farout, migrated: Server) -> AsyncIterator[Farout]:
    """Farout with the limits that production has."""
    before = farout.auth.settings
    farout.auth.settings = auth_settings(migrated, rate_limits=True)
    yield farout
    farout.auth.settings = before


async def _try(browser: Browser) -> httpx2.Response:
    return await browser.post("/auth/login", json={"identifier": "x", "password": "y"})


async def test_of_300_at_once_in_three_processes_exactly_the_allowed_pass(
    farout: Farout, migrated: Server
) -> None:
    policy = Policy("test", 10, 3600)
    databases = [
        Database(migrated.url("farout_auth_service", "farout_auth"), pool_size=5) for _ in range(3)
    ]

    taken = await asyncio.gather(
        *(take(databases[number % 3], policy, NETWORK) for number in range(300))
    )
    for database in databases:
        await database.close()

    assert sum(one.fits for one in taken) == 10
    assert sorted(one.remaining for one in taken if one.fits) == list(range(10))
    assert {one.remaining for one in taken if not one.fits} == {0}
    assert all(350 <= one.seconds <= 360 for one in taken if not one.fits)


async def test_time_lets_through_again(farout: Farout, auth_owner: Connection) -> None:
    policy = Policy("test", 2, 60)
    database = farout.auth.database
    assert [(await take(database, policy, NETWORK)).fits for _ in range(3)] == [True, True, False]

    await auth_owner.execute("UPDATE rate_limits SET full_at = full_at - interval '31 seconds'")

    assert [(await take(database, policy, NETWORK)).fits for _ in range(2)] == [True, False]


async def test_sign_ins_with_a_password_are_limited_and_say_so(
    limited: Farout, browser: Browser
) -> None:
    first = await _try(browser)
    assert first.headers["ratelimit-policy"] == '"sign-in";q=30;w=60'
    assert first.headers["ratelimit"].startswith('"sign-in";r=29;t=')

    answers = [await _try(browser) for _ in range(PASSWORD_SIGN_IN.requests + 5)]

    refused = [one for one in answers if one.json()["code"] == "too_many_requests"]
    assert refused
    assert refused[-1].status_code == 429
    assert 1 <= int(refused[-1].headers["retry-after"]) <= 60
    assert refused[-1].headers["ratelimit"].startswith('"sign-in";r=0;t=')


async def test_sign_ins_with_discord_are_limited_before_a_row_is_written(
    limited: Farout, browser: Browser, auth_owner: Connection
) -> None:
    answer = await browser.get("/auth/discord/login")
    assert answer.status_code == 302
    assert answer.headers["ratelimit"].startswith('"discord";r=119;t=')
    await auth_owner.execute("UPDATE rate_limits SET full_at = now() + interval '1 hour'")
    states = await auth_owner.fetchval("SELECT count(*) FROM oauth_states")

    refused = await browser.get("/auth/discord/login")

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) >= 1
    assert await auth_owner.fetchval("SELECT count(*) FROM oauth_states") == states
    assert DISCORD_SIGN_IN.requests == 120


@pytest.mark.parametrize("path", ["/auth/token", "/auth/token/refresh", "/auth/token/revoke"])
async def test_trading_tokens_is_limited(
    limited: Farout, browser: Browser, auth_owner: Connection, path: str
) -> None:
    first = await browser.post(path, json={"refresh_token": "x", "token": "x"})
    assert first.headers["ratelimit-policy"] == '"tokens";q=120;w=60'
    await auth_owner.execute("UPDATE rate_limits SET full_at = now() + interval '1 hour'")

    refused = await browser.post(path, json={"refresh_token": "x", "token": "x"})

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) >= 1


async def test_a_forged_header_is_no_way_around_and_a_neighbour_is_not_affected(
    limited: Farout, browser: Browser, auth_owner: Connection
) -> None:
    await _try(browser)
    await auth_owner.execute("UPDATE rate_limits SET full_at = now() + interval '1 hour'")

    forged = await browser.post(
        "/auth/login",
        json={"identifier": "x", "password": "y"},
        headers={"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"},
    )
    neighbour = limited.browser()
    neighbour._transport = httpx2.ASGITransport(app=limited.app, client=("203.0.113.8", 1))

    assert forged.status_code == 429
    assert (await _try(neighbour)).status_code == 401


async def test_the_session_check_knows_no_limit(limited: Farout, auth_owner: Connection) -> None:
    browser = await limited.signed_in()
    await auth_owner.execute("DELETE FROM rate_limits")

    answer = await browser.get("/auth/session")

    assert "ratelimit" not in answer.headers
    assert await auth_owner.fetchval("SELECT count(*) FROM rate_limits") == 0
