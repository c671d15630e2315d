"""A person's devices: listed, ended, and dead at once when they are."""

import asyncio
import hashlib

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import SESSION_COOKIE, Browser, Farout
from tests.fixtures.databases import Connection


async def test_the_cookie_is_bound_to_the_host_and_hidden_from_scripts(browser: Browser) -> None:
    response = await browser.sign_in()

    [cookie] = [
        value
        for value in response.headers.get_list("set-cookie")
        if value.startswith(f"{SESSION_COOKIE}=")
    ]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/", "max-age=604800"} <= attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)


@pytest.mark.asvs("7.2.2")
async def test_only_the_hash_of_the_cookie_is_stored(
    browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()

    stored = await auth_owner.fetchval("SELECT token_hash FROM sessions")
    assert browser.session_token is not None
    assert stored == hashlib.sha256(browser.session_token.encode()).digest()


async def test_lists_own_devices_and_never_a_token(farout: Farout) -> None:
    laptop, phone = await farout.signed_in(NOVA_ID), await farout.signed_in(NOVA_ID)
    await farout.signed_in(COSMO_ID)

    answer = await laptop.get("/auth/sessions")

    items = answer.json()["items"]
    assert [item["is_current"] for item in items] == [False, True]
    assert {item["ip"] for item in items} == {"203.0.113.7"}
    assert str(phone.session_token) not in answer.text


@pytest.mark.asvs("7.5.2")
async def test_ends_one_device_at_once(farout: Farout) -> None:
    laptop, phone = await farout.signed_in(NOVA_ID), await farout.signed_in(NOVA_ID)
    [other] = [
        item["id"]
        for item in (await laptop.get("/auth/sessions")).json()["items"]
        if not item["is_current"]
    ]

    assert (await laptop.delete(f"/auth/sessions/{other}")).status_code == 204

    assert (await phone.get("/auth/session")).status_code == 401
    assert (await laptop.get("/auth/session")).status_code == 200
    assert (await laptop.delete(f"/auth/sessions/{other}")).status_code == 404


async def test_nobody_ends_a_session_of_somebody_else(farout: Farout) -> None:
    nova, cosmo = await farout.signed_in(NOVA_ID), await farout.signed_in(COSMO_ID)
    [of_nova] = (await nova.get("/auth/sessions")).json()["items"]

    answer = await cosmo.delete(f"/auth/sessions/{of_nova['id']}")

    assert answer.status_code == 404
    assert (await nova.get("/auth/session")).status_code == 200


@pytest.mark.asvs("7.4.3", "7.5.2")
async def test_ends_all_others(farout: Farout) -> None:
    here, *others = [await farout.signed_in(NOVA_ID) for _ in range(4)]

    assert (await here.delete("/auth/sessions")).json() == {"ended": 3}

    checks = await asyncio.gather(*(other.get("/auth/session") for other in others))
    assert {check.status_code for check in checks} == {401}
    assert (await here.get("/auth/session")).status_code == 200


@pytest.mark.asvs("7.2.1", "7.4.1")
async def test_signing_out_kills_the_cookie_everywhere(
    browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()
    kept = browser.session_token

    answer = await browser.post("/auth/logout")

    assert answer.status_code == 204
    assert browser.session_token is None
    stale = await browser.get("/auth/session", headers={"Cookie": f"{SESSION_COOKIE}={kept}"})
    assert stale.status_code == 401
    assert await auth_owner.fetchval("SELECT revoked_reason FROM sessions") == "signed_out"
    assert (await browser.post("/auth/logout")).status_code == 204


@pytest.mark.asvs("7.3.2")
async def test_a_session_ends_when_its_time_is_over(
    browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()

    await auth_owner.execute("UPDATE sessions SET expires_at = now()")

    assert (await browser.get("/auth/session")).status_code == 401


@pytest.mark.asvs("7.3.1")
async def test_a_session_that_nobody_uses_for_three_days_ends(
    farout: Farout, browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()
    tokens = (await browser.post("/auth/token")).json()
    unused_for = "UPDATE sessions SET last_seen_at = now() - interval '3 days' + interval '{}'"

    await auth_owner.execute(unused_for.format("1 minute"))
    farout.app.state.identity_cache.take_notice("everything")
    assert (await browser.get("/auth/session")).status_code == 200
    seen = "SELECT last_seen_at > now() - interval '1 minute' FROM sessions"
    assert await auth_owner.fetchval(seen)

    await auth_owner.execute(unused_for.format("-1 second"))
    farout.app.state.identity_cache.take_notice("everything")
    assert (await browser.get("/auth/session")).status_code == 401
    program = farout.browser()
    refreshed = await program.post(
        "/auth/token/refresh", json={"refresh_token": tokens["refresh_token"]}
    )
    assert refreshed.status_code == 401
    program.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    assert (await program.get("/auth/session")).status_code == 401


@pytest.mark.asvs("7.2.4")
async def test_a_new_sign_in_replaces_the_session_of_this_browser(
    browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()
    before = browser.session_token
    await browser.sign_in()

    assert browser.session_token != before
    live = await auth_owner.fetchval("SELECT count(*) FROM sessions WHERE revoked_at IS NULL")
    assert live == 1


async def test_a_dump_of_the_database_holds_no_working_credential(
    farout: Farout, browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()
    await browser.post("/auth/token")
    await browser.begin()

    strings = await _every_string(auth_owner)

    assert {"nova.reyes", "session.started"} <= strings
    anonymous = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=farout.app), base_url="https://farout.test"
    )
    for value in strings:
        for headers in (
            {"Cookie": f"{SESSION_COOKIE}={value}"},
            {"Authorization": f"Bearer {value}"},
        ):
            answer = await anonymous.get("/auth/session", headers=headers)
            assert answer.status_code == 401, value


async def test_two_different_session_cookies_are_believed_neither(
    farout: Farout, browser: Browser
) -> None:
    await browser.sign_in()
    own = browser.session_token
    planted = (await farout.signed_in(COSMO_ID)).session_token
    browser.cookies.clear()

    answer = await browser.get(
        "/auth/session",
        headers={"Cookie": f"{SESSION_COOKIE}={planted}; {SESSION_COOKIE}={own}"},
    )

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "authorization",
    ["Basic YTpi", "Bearer", "Bearer null", "Token x", "Bearer " + "A" * 9000, "Bearer a.b.c"],
)
async def test_a_bad_authorization_header_hides_the_cookie(
    browser: Browser, authorization: str
) -> None:
    await browser.sign_in()

    answer = await browser.get("/auth/session", headers={"Authorization": authorization})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def _every_string(connection: Connection) -> set[str]:
    """Return each value of each column as text, in the spellings that a thief would try."""
    tables = await connection.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    found: set[str] = set()
    for (table,) in tables:
        for row in await connection.fetch(f'SELECT * FROM "{table}"'):
            for value in row.values():
                if isinstance(value, bytes):
                    found |= {value.hex(), value.decode("latin-1").strip()}
                elif value is not None:
                    found.add(str(value))
    return {value for value in found if value.isascii() and value.isprintable() and value}
