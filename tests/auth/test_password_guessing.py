"""Whoever guesses passwords waits longer and longer; the owner of the account does not."""

import asyncio
import time

import httpx2
import pytest

from backend.auth.attempts.actions import FREE, LONGEST, Attempt, charge
from backend.auth.attempts.errors import TooManyAttempts
from backend.auth.housekeeping import keep_house
from backend.database import Database
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection, Server
from tests.fixtures.people import PASSWORD, make_local_user, signed_in_with_password

WRONG = "nothing like the right one"


def _from(farout: Farout, address: str) -> Browser:
    """Return a browser somewhere else."""
    browser = farout.browser()
    browser._transport = httpx2.ASGITransport(app=farout.app, client=(address, 50000))
    return browser


async def _try(browser: Browser, password: str = WRONG, name: str = "quiet") -> httpx2.Response:
    return await browser.post("/auth/login", json={"identifier": name, "password": password})


@pytest.fixture(autouse=True)
async def quiet(farout: Farout, auth_owner: Connection) -> str:
    return await make_local_user(farout, auth_owner)


@pytest.mark.asvs("6.3.1")
async def test_after_some_wrong_passwords_even_the_right_one_is_held_back(
    farout: Farout,
) -> None:
    attacker = _from(farout, "198.51.100.1")
    answers = [await _try(attacker) for _ in range(FREE["pair"] + 1)]
    assert {answer.status_code for answer in answers} == {401}

    for password in (WRONG, PASSWORD):
        held = await _try(attacker, password)
        assert (held.status_code, held.json()["code"]) == (429, "too_many_attempts")
        assert 1 <= int(held.headers["retry-after"]) <= 2


async def test_what_is_held_back_costs_no_bcrypt_and_no_row(
    farout: Farout, auth_owner: Connection
) -> None:
    attacker = _from(farout, "198.51.100.1")
    for _ in range(FREE["pair"] + 1):
        await _try(attacker)
    await auth_owner.execute("UPDATE login_attempts SET held_until = now() + interval '1 hour'")
    counting = "SELECT (SELECT count(*) FROM audit_log), (SELECT sum(failures) FROM login_attempts)"
    before = await auth_owner.fetchrow(counting)
    hashed = 0
    check = farout.auth.passwords._check

    def count(password: str, stored: str | None) -> bool:
        nonlocal hashed
        hashed += 1
        return check(password, stored)

    farout.auth.passwords._check = count  # type: ignore[method-assign]
    try:
        answers = [await _try(attacker) for _ in range(5)]
    finally:
        farout.auth.passwords._check = check  # type: ignore[method-assign]

    assert {answer.status_code for answer in answers} == {429}
    assert hashed == 0
    assert await auth_owner.fetchrow(counting) == before


async def test_the_hold_doubles_up_to_its_longest(farout: Farout, auth_owner: Connection) -> None:
    attempt = Attempt.at("user 1", network="198.51.100.1/32", device="known")
    holds = []
    for _ in range(FREE["device"] + 12):
        await charge(farout.auth.database, attempt)
        holds.append(
            await auth_owner.fetchval(
                "SELECT extract(epoch FROM held_until - last_at)::float FROM login_attempts"
            )
        )
        await auth_owner.execute("UPDATE login_attempts SET held_until = now()")

    doubling = [2.0**n for n in range(1, 10)]
    assert holds[: FREE["device"]] == [0.0] * FREE["device"]
    assert holds[FREE["device"] :] == [*doubling, *[float(LONGEST["device"])] * 3]


@pytest.mark.asvs("6.1.1", "6.3.1")
async def test_the_owner_gets_in_from_a_known_device_while_the_account_is_under_attack(
    farout: Farout, auth_owner: Connection
) -> None:
    at_home = await signed_in_with_password(farout)
    await at_home.post("/auth/logout")
    for number in range(100):
        await _try(_from(farout, f"198.51.100.{number}"))
    elsewhere = await _try(_from(farout, "192.0.2.1"), PASSWORD)
    assert elsewhere.status_code == 429

    assert (await _try(at_home, PASSWORD)).status_code == 200


async def test_discord_stays_open_while_the_account_is_under_attack(
    farout: Farout, auth_owner: Connection
) -> None:
    owner = await farout.signed_in()
    await auth_owner.execute(
        "UPDATE users SET hashed_password = (SELECT hashed_password FROM users WHERE username ="
        " 'quiet') WHERE discord_id IS NOT NULL"
    )
    for _ in range(FREE["pair"] + 1):
        await _try(farout.browser(), name="nova.reyes")
    assert (await _try(farout.browser(), PASSWORD, "nova.reyes")).status_code == 429

    assert (await owner.sign_in()).status_code == 303


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize("spread", ["one account", "many accounts"])
async def test_ten_thousand_guesses_are_a_handful_of_looks_at_a_password(
    farout: Farout, auth_owner: Connection, spread: str
) -> None:
    """In one moment no more are let through than cost nothing, and those under way."""
    allowed = 0

    async def guess(number: int) -> None:
        nonlocal allowed
        account = "user 1" if spread == "one account" else f"user {number}"
        network = f"10.0.{number % 200}.1/32" if spread == "one account" else "10.0.0.1/32"
        try:
            await charge(farout.auth.database, Attempt.at(account, network=network))
            allowed += 1
        except TooManyAttempts:
            pass

    started = time.monotonic()
    for first in range(0, 1_000, 20):
        await asyncio.gather(*(guess(number) for number in range(first, first + 20)))
    seconds = time.monotonic() - started

    free = FREE["account" if spread == "one account" else "network"]
    # A hold may run out while the test goes on: each doubles, so they are few.
    assert allowed <= free + 1 + seconds / 2 + 2


async def test_forty_guesses_at_the_same_moment_are_not_let_through_together(
    migrated: Server, auth_owner: Connection
) -> None:
    """All of them have seen that nobody is held back, and wait for the row of the counter."""
    attempt = Attempt.at("user 1", network="198.51.100.1/32", device="known")
    url = migrated.url("farout_auth_service", "farout_auth")
    databases = [Database(url, pool_size=10) for _ in range(4)]
    await charge(databases[0], attempt)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    async with asyncio.timeout(30), auth_owner.transaction():
        await auth_owner.execute("SELECT FROM login_attempts FOR UPDATE")
        guesses = [
            asyncio.create_task(charge(databases[number % 4], attempt)) for number in range(40)
        ]
        while await auth_owner.fetchval(waiting) < 40:
            await auth_owner.execute("SELECT pg_stat_clear_snapshot()")
    results = await asyncio.gather(*guesses, return_exceptions=True)
    for database in databases:
        await database.close()

    passed = sum(result is None for result in results)
    held = [one for one in results if isinstance(one, TooManyAttempts)]
    assert passed + len(held) == 40
    assert 1 <= passed <= FREE["device"]


async def test_a_whole_64_of_ipv6_counts_as_one(farout: Farout) -> None:
    for number in range(FREE["pair"] + 1):
        await _try(_from(farout, f"2001:db8:1:2::{number:x}"))

    assert (await _try(_from(farout, "2001:db8:1:2:ffff::1"))).status_code == 429
    assert (await _try(_from(farout, "2001:db8:1:3::1"))).status_code == 401


async def test_a_forged_forwarded_header_is_no_new_network(farout: Farout) -> None:
    attacker = _from(farout, "198.51.100.1")
    answers = []
    for number in range(FREE["pair"] + 2):
        attacker.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        answers.append((await _try(attacker)).status_code)

    assert answers[-1] == 429


async def test_success_forgives_this_network_and_not_the_others(
    farout: Farout, auth_owner: Connection
) -> None:
    for _ in range(4):
        await _try(farout.browser())
    assert await auth_owner.fetchval("SELECT max(failed_login_count) FROM account_security") == 4

    await signed_in_with_password(farout)

    left = "SELECT failures FROM login_attempts WHERE scope = $1"
    assert await auth_owner.fetchval(left, "pair") == 0
    assert await auth_owner.fetchval(left, "account") == 4
    assert await auth_owner.fetchval(left, "network") == 4
    assert await auth_owner.fetchval("SELECT max(failed_login_count) FROM account_security") == 0


@pytest.mark.asvs("6.3.8")
async def test_unknown_names_are_held_back_just_the_same(farout: Farout) -> None:
    answers = []
    for name in ("quiet", "nobody.at.all"):
        browser = _from(farout, f"198.51.100.{len(name)}")
        codes = [await _try(browser, name=name) for _ in range(FREE["pair"] + 2)]
        answers.append(
            [(one.status_code, one.json()["code"], one.json()["detail"]) for one in codes]
        )

    assert answers[0] == answers[1]


async def test_a_session_does_not_help_to_guess_the_password(
    farout: Farout, auth_owner: Connection
) -> None:
    thief = await signed_in_with_password(farout)
    change = {"current_password": WRONG, "new_password": "another place beyond the sky"}
    answers = [await thief.post("/auth/password/change", json=change) for _ in range(12)]

    assert answers[0].json()["code"] == "current_password_wrong"
    assert answers[-1].json()["code"] == "too_many_attempts"


async def test_a_changed_password_makes_every_device_unknown(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await signed_in_with_password(farout)
    assert await auth_owner.fetchval("SELECT count(*) FROM known_devices") == 1
    change = {"current_password": PASSWORD, "new_password": "another place beyond the sky"}

    assert (await browser.post("/auth/password/change", json=change)).status_code == 204

    assert await auth_owner.fetchval("SELECT count(*) FROM known_devices") == 0


async def test_a_device_known_to_one_account_is_a_stranger_to_another(
    farout: Farout, auth_owner: Connection
) -> None:
    await make_local_user(farout, auth_owner, "other")
    browser = await signed_in_with_password(farout)

    await _try(browser, name="other")

    scopes = [row[0] for row in await auth_owner.fetch("SELECT scope FROM login_attempts")]
    assert "device" not in scopes


async def test_the_page_says_so_too(farout: Farout) -> None:
    browser = farout.browser()
    form = {"identifier": "quiet", "password": WRONG}
    for _ in range(FREE["pair"] + 1):
        await browser.post("/sign-in", data=form)

    held = await browser.post("/sign-in", data=form)

    assert held.status_code == 429
    assert int(held.headers["retry-after"]) >= 1
    assert "Signing in with Discord stays open" in held.text


async def test_a_password_that_changes_while_it_is_checked_does_not_count(
    farout: Farout, auth_owner: Connection
) -> None:
    check = farout.auth.passwords.matches

    async def slow(password: str, stored: str | None) -> bool:
        found = await check(password, stored)
        await auth_owner.execute("UPDATE users SET hashed_password = 'x' WHERE username = 'quiet'")
        return found

    farout.auth.passwords.matches = slow  # type: ignore[method-assign]
    try:
        answer = await _try(farout.browser(), PASSWORD)
    finally:
        farout.auth.passwords.matches = check  # type: ignore[method-assign]

    assert answer.status_code == 401


async def test_what_is_old_is_swept(farout: Farout, auth_owner: Connection) -> None:
    await signed_in_with_password(farout)
    await _try(farout.browser())
    await keep_house(farout.auth)
    assert await auth_owner.fetchval("SELECT count(*) FROM login_attempts") == 3

    await auth_owner.execute(
        "UPDATE login_attempts SET last_at = now() - interval '2 days';"
        "UPDATE known_devices SET last_used_at = now() - interval '181 days';"
        "INSERT INTO rate_limits VALUES ('x', now())"
    )
    await keep_house(farout.auth)

    for table in ("login_attempts", "known_devices", "rate_limits"):
        assert await auth_owner.fetchval(f"SELECT count(*) FROM {table}") == 0
