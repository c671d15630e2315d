"""The seeded admin, and the one thing a first password opens."""

import asyncio

import pytest

from backend.auth.users.actions import ensure_admin
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.databases import Connection

NEW = "orbit-lantern-7-violet"


async def _seed(farout: Farout) -> tuple[str, str]:
    seeded = await ensure_admin(farout.auth)
    assert seeded is not None
    assert seeded.password is not None
    return seeded.username, seeded.password


async def _sign_in(browser: Browser, name: str, password: str) -> int:
    answer = await browser.post("/auth/login", json={"identifier": name, "password": password})
    return answer.status_code


@pytest.mark.asvs("6.3.2", "6.4.1")
async def test_until_the_password_is_changed_nothing_else_is_open(
    farout: Farout, browser: Browser
) -> None:
    name, password = await _seed(farout)
    assert await _sign_in(browser, name, password) == 200

    closed = [
        await browser.get("/auth/users"),
        await browser.get("/auth/sessions"),
        await browser.get("/api/members"),
        await browser.post("/auth/token"),
        await browser.delete("/auth/sessions"),
    ]
    assert {answer.json()["code"] for answer in closed} == {"password_change_required"}
    assert (await browser.get("/auth/session")).json()["user"]["must_change_password"] is True
    page = await browser.get("/members", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/password"

    changed = await browser.post(
        "/auth/password/change", json={"current_password": password, "new_password": NEW}
    )
    assert changed.status_code == 204
    assert (await browser.get("/auth/users")).status_code == 200
    again = farout.browser()
    assert await _sign_in(again, name, password) == 401
    assert await _sign_in(again, name, NEW) == 200


async def test_signs_in_by_e_mail_too(
    farout: Farout, browser: Browser, auth_owner: Connection
) -> None:
    _, password = await _seed(farout)

    assert await _sign_in(browser, "ADMIN@farout.local", password) == 200
    assert await auth_owner.fetchval("SELECT last_login IS NOT NULL FROM users")


@pytest.mark.asvs("6.2.2", "7.4.3")
async def test_changing_the_password_ends_the_other_sessions(
    farout: Farout, browser: Browser, auth_owner: Connection
) -> None:
    name, password = await _seed(farout)
    other = farout.browser()
    await _sign_in(browser, name, password)
    await _sign_in(other, name, password)

    await browser.post(
        "/auth/password/change", json={"current_password": password, "new_password": NEW}
    )

    assert (await other.get("/auth/session")).status_code == 401
    assert (await browser.get("/auth/session")).status_code == 200
    entry = await one_row(auth_owner, "SELECT * FROM audit_log WHERE action = 'password.changed'")
    assert NEW not in str(dict(entry))


async def test_starters_at_the_same_moment_make_one_admin(
    farout: Farout, auth_owner: Connection
) -> None:
    made = await asyncio.gather(*(ensure_admin(farout.auth) for _ in range(5)))

    assert sum(one is not None for one in made) == 1
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 1


async def test_a_discord_user_called_admin_does_not_stand_in_the_way(
    farout: Farout, auth_owner: Connection
) -> None:
    farout.standin.add_person({"id": "510000000000001234", "username": "admin"})
    await farout.signed_in("510000000000001234")

    name, password = await _seed(farout)

    assert name == "admin-2"
    assert await _sign_in(farout.browser(), name, password) == 200


async def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(
    farout: Farout, browser: Browser
) -> None:
    name, _ = await _seed(farout)

    answers = [
        await browser.post("/auth/login", json={"identifier": one, "password": "wrong-wrong"})
        for one in (name, "nobody")
    ]

    bodies = [{**answer.json(), "request_id": None} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("new", ["short", "password123", "farout-2026", "admin-admin-1"])
async def test_a_guessable_password_is_refused_with_a_reason(
    farout: Farout, browser: Browser, new: str
) -> None:
    name, password = await _seed(farout)
    await _sign_in(browser, name, password)

    answer = await browser.post(
        "/auth/password/change", json={"current_password": password, "new_password": new}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "password_refused")
    assert new not in answer.text
    assert (await browser.get("/auth/session")).json()["user"]["must_change_password"] is True


@pytest.mark.asvs("6.2.3")
async def test_the_current_password_has_to_be_right(farout: Farout, browser: Browser) -> None:
    name, password = await _seed(farout)
    await _sign_in(browser, name, password)

    answer = await browser.post(
        "/auth/password/change", json={"current_password": "wrong-wrong", "new_password": NEW}
    )

    assert answer.json()["code"] == "current_password_wrong"


async def test_a_discord_account_has_no_password_to_change(browser: Browser) -> None:
    await browser.sign_in()

    answer = await browser.post(
        "/auth/password/change", json={"current_password": "x", "new_password": NEW}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "no_password")
