"""The cases of session_csrf.json about sessions and their cookies, judged for real."""

import base64
import re
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from backend.auth.crypto.password_hasher import PasswordHasher
from tests.fixtures.application import SESSION_COOKIE, Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import PASSWORD, make_local_user, signed_in_with_password
from tests.security import expectations, test_cross_site_corpus
from tests.security.corpora import cases
from tests.security.steps import World
from tests.security.test_tokens_in_the_session_corpus import CHOSEN as ABOUT_TOKENS
from tests.security.test_tokens_in_the_session_corpus import SIGN_IN

TESTS = Path(__file__).parents[1]
CASES = {case["id"]: case for case in cases("session_csrf")}
PLAYED = ("se-cookie-attrs", "se-cookie-size", "se-logout", "se-logout-get")
# Told in words, or about routes that have another name here: what plays them.
TOLD = {
    "se-cookie-toss": "test_of_two_cookies_the_planted_one_is_not_believed",
    "se-guess": "test_a_guessed_cookie_is_nobodys",
    "se-entropy": "test_cookies_are_random_and_never_the_same",
    "se-at-rest": "test_a_dump_of_the_database_holds_no_working_credential",
    "se-logout-all": "test_ending_all_others_ends_their_tokens_too",
    "se-pw-change": "test_a_new_password_ends_the_other_sessions",
    "se-absolute": "test_use_does_not_make_a_session_live_longer",
    "se-cache-negative": "test_a_cookie_works_right_after_it_was_unknown",
    "se-introspect-auth": "test_without_the_key_nobody_is_told_anything",
    "se-enum-login": "test_who_is_unknown_gets_the_same_answer_after_the_same_work",
    "se-enum-reset": "test_every_address_takes_the_same_time",
    "se-reset-host": "test_a_link_leads_here_whatever_host_was_asked_for",
    "se-mfa-replay": "test_a_code_is_taken_once_also_by_twenty_at_once",
    "se-mfa-recovery": "test_each_code_lets_in_once",
    "se-lockout-dos": "test_discord_stays_open_while_the_account_is_under_attack",
    "se-xff-bypass": "test_a_forged_forwarded_header_is_no_new_network",
}
NOT_BUILT = {"se-idle", "se-cap"}
"""A session ends by its age, and a person may have many (docs/decisions/0030)."""


@pytest.fixture
async def world(
    farout: Farout, auth_owner: Connection, community_owner: Connection
) -> AsyncIterator[World]:
    async with World(farout, auth_owner, community_owner, expectations.judge) as world:
        yield world


def test_every_case_is_judged() -> None:
    by_others = {case["id"] for case in (*ABOUT_TOKENS, *test_cross_site_corpus.CASES)}
    judged = {*PLAYED, *TOLD, *NOT_BUILT, *by_others, *test_cross_site_corpus.WITHOUT_BODY}

    assert judged == CASES.keys()


def test_every_case_in_words_has_its_test() -> None:
    written = "".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))

    assert [name for name in TOLD.values() if not re.search(rf"def {name}\(", written)] == []


@pytest.mark.parametrize("name", PLAYED)
async def test_sessions_stand_up_to(name: str, world: World) -> None:
    steps = CASES[name]["steps"]
    signed_in = steps if steps[0]["do"] == "GET {login}" else [_as_a(one) for one in SIGN_IN]
    await world.play({"steps": signed_in + (steps if signed_in is not steps else [])})


def _as_a(step: Mapping[str, object]) -> dict[str, object]:
    return {"actor": "A", **step}


async def test_of_two_cookies_the_planted_one_is_not_believed(browser: Browser) -> None:
    await browser.sign_in()
    own = browser.session_token
    browser.cookies.clear()

    for pair in ("evil", own), (own, "evil"):
        cookies = "; ".join(f"{SESSION_COOKIE}={value}" for value in pair)
        assert (await browser.get("/auth/session", headers={"Cookie": cookies})).status_code == 401


async def test_a_guessed_cookie_is_nobodys(farout: Farout, browser: Browser) -> None:
    await farout.signed_in()
    for number in range(1000):
        guess = base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
        answer = await browser.get("/auth/session", headers={"Cookie": f"{SESSION_COOKIE}={guess}"})
        assert answer.status_code == 401


async def test_cookies_are_random_and_never_the_same(
    farout: Farout, auth_owner: Connection
) -> None:
    await make_local_user(farout, auth_owner)
    cookies = [str((await signed_in_with_password(farout)).session_token) for _ in range(50)]

    raw = [base64.urlsafe_b64decode(f"{cookie}=") for cookie in cookies]
    assert len(set(raw)) == 50
    assert {len(one) for one in raw} == {32}
    # Of 256 bits no two cookies share many more than half, whatever their order.
    same = [
        256 - (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
        for a in raw
        for b in raw
        if a != b
    ]
    assert max(same) < 192


async def test_ending_all_others_ends_their_tokens_too(farout: Farout) -> None:
    here, there = await farout.signed_in(), await farout.signed_in()
    issued = (await there.post("/auth/token")).json()

    assert (await here.delete("/auth/sessions")).json() == {"ended": 1}

    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    assert (await there.get("/auth/session")).status_code == 401
    assert (await farout.browser().get("/auth/session", headers=bearer)).status_code == 401
    refresh = {"refresh_token": issued["refresh_token"]}
    assert (await there.post("/auth/token/refresh", json=refresh)).status_code == 401
    assert (await here.get("/auth/session")).status_code == 200


async def test_a_new_password_ends_the_other_sessions(
    farout: Farout, auth_owner: Connection
) -> None:
    await make_local_user(farout, auth_owner)
    here, there = [await signed_in_with_password(farout) for _ in range(2)]

    change = {"current_password": PASSWORD, "new_password": "another lantern beyond it"}
    assert (await here.post("/auth/password/change", json=change)).status_code == 204

    assert (await there.get("/auth/session")).status_code == 401
    assert (await here.get("/auth/session")).status_code == 200


async def test_use_does_not_make_a_session_live_longer(
    browser: Browser, auth_owner: Connection
) -> None:
    await browser.sign_in()
    ends = (await browser.get("/auth/session")).json()["session"]["expires_at"]
    for _ in range(3):
        await auth_owner.execute("UPDATE sessions SET last_seen_at = now() - interval '1 hour'")
        now = (await browser.get("/auth/session")).json()["session"]
        assert now["expires_at"] == ends

    await auth_owner.execute("UPDATE sessions SET expires_at = now()")
    assert (await browser.get("/auth/session")).status_code == 401


async def test_a_cookie_works_right_after_it_was_unknown(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await farout.signed_in()
    [row] = await auth_owner.fetch("DELETE FROM sessions RETURNING *")
    for _ in range(3):
        assert (await browser.get("/auth/session")).status_code == 401

    names = ", ".join(row.keys())
    values = ", ".join(f"${number + 1}" for number in range(len(row)))
    await auth_owner.execute(f"INSERT INTO sessions ({names}) VALUES ({values})", *row.values())

    assert (await browser.get("/auth/session")).status_code == 200


async def test_who_is_unknown_gets_the_same_answer_after_the_same_work(
    farout: Farout, auth_owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured in the processor's time, which a busy machine does not stretch."""
    hasher = PasswordHasher(rounds=9)
    monkeypatch.setattr(farout.auth, "passwords", hasher)
    await make_local_user(farout, auth_owner)
    await make_local_user(farout, auth_owner, "gone")
    await auth_owner.execute("UPDATE users SET is_active = username <> 'gone'")
    tries = {
        "unknown": ("nobody", "x" * 20), "wrong": ("quiet", "x" * 20),
        "deactivated": ("gone", PASSWORD), "long": ("quiet", "x" * 73),
    }  # fmt: skip
    told, spent = set(), {name: list[float]() for name in tries}
    for _ in range(25):
        for name, (identifier, password) in tries.items():
            await auth_owner.execute("DELETE FROM login_attempts")
            browser = farout.browser()
            started = time.process_time()
            answer = await browser.post(
                "/auth/login", json={"identifier": identifier, "password": password}
            )
            spent[name].append(time.process_time() - started)
            body = {key: value for key, value in answer.json().items() if key != "request_id"}
            told.add((answer.status_code, str(body)))
    hasher.close()

    assert len(told) == 1
    medians = {name: statistics.median(taken) for name, taken in spent.items()}
    assert max(medians.values()) - min(medians.values()) < 0.05 * min(medians.values()), medians
