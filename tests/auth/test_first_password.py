"""Somebody who came by Discord alone sets a first password, once, and after a fresh proof."""

import asyncio

from backend.devtools.discord.seeds import NOVA_ID
from tests.auth.local_accounts import code_of
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox
from tests.fixtures.people import stale

HTML = {"Accept": "text/html"}
PASSWORD = "a quiet place beyond the sky"
NAME = "nova.reyes"
FORM = {"new_password": PASSWORD, "repeated": PASSWORD}


async def set_password(browser: Browser, password: str = PASSWORD) -> tuple[int, str]:
    answer = await browser.post("/auth/password/set", json={"new_password": password})
    return (204, "") if answer.status_code == 204 else code_of(answer)


async def sign_in(farout: Farout, identifier: str) -> int:
    login = {"identifier": identifier, "password": PASSWORD}
    return (await farout.browser().post("/auth/login", json=login)).status_code


async def test_opens_the_account_by_name_and_by_address_and_is_told(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await farout.signed_in(NOVA_ID)
    email = (await browser.get("/auth/session")).json()["user"]["email"]
    assert await sign_in(farout, NAME) == 401

    assert await set_password(browser) == (204, "")

    assert await sign_in(farout, NAME) == await sign_in(farout, email) == 200
    assert (await mailbox.next(farout.auth, email))["Subject"] == "Your account has a password now"
    assert (await browser.get("/auth/session")).status_code == 200
    assert (await farout.signed_in(NOVA_ID)).session_token
    left = "SELECT count(*) FROM audit_log WHERE action = 'password.set'"
    assert await auth_owner.fetchval(left) == 1


async def test_discord_may_go_once_there_is_a_password(farout: Farout) -> None:
    browser = await farout.signed_in(NOVA_ID)
    assert code_of(await browser.delete("/auth/discord/link")) == (409, "last_way_in")

    await set_password(browser)

    assert (await browser.delete("/auth/discord/link")).status_code == 204
    assert await sign_in(farout, NAME) == 200


async def test_a_session_left_open_sets_none(farout: Farout, auth_owner: Connection) -> None:
    browser = await farout.signed_in(NOVA_ID)
    await stale(auth_owner)

    assert await set_password(browser) == (403, "step_up_required")
    assert await sign_in(farout, NAME) == 401


async def test_there_is_only_one_first_password_also_for_ten_at_once(farout: Farout) -> None:
    browser = await farout.signed_in(NOVA_ID)

    answers = await asyncio.gather(*(set_password(browser) for _ in range(10)))

    assert answers.count((204, "")) == 1
    assert set(answers) == {(204, ""), (409, "password_exists")}
    assert await set_password(browser, "another lantern beyond it") == (409, "password_exists")


async def test_a_first_guess_is_refused(farout: Farout) -> None:
    browser = await farout.signed_in(NOVA_ID)

    for password in ("short", "password1234", NAME):
        assert await set_password(browser, password) == (400, "password_refused")


async def test_the_pages_lead_through_discord_and_do_it_without_a_script(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await farout.signed_in(NOVA_ID)
    await stale(auth_owner)
    assert 'href="/password/first"' in (await browser.get("/account", headers=HTML)).text
    asked = await browser.get("/password/first", headers=HTML)
    assert asked.headers["location"] == "/step-up?next=%2Fpassword%2Ffirst"
    proof = (await browser.get(asked.headers["location"], headers=HTML)).text
    assert "/auth/discord/login?next=%2Fpassword%2Ffirst" in proof
    came_back = await browser.sign_in(NOVA_ID, "/password/first")
    assert came_back.headers["location"] == "/password/first"
    assert NAME in (await browser.get("/password/first", headers=HTML)).text

    wrong = await browser.post("/password/first", data=FORM | {"repeated": "x"}, headers=HTML)
    weak = {"new_password": "password1234", "repeated": "password1234"}
    refused = await browser.post("/password/first", data=weak, headers=HTML)
    done = await browser.post("/password/first", data=FORM, headers=HTML)

    assert (wrong.status_code, refused.status_code) == (400, 400)
    assert 'role="alert"' in wrong.text
    assert done.headers["location"] == "/account?done=first_password"
    assert "has a password now" in (await browser.get(done.headers["location"], headers=HTML)).text
    again = await browser.get("/password/first", headers=HTML)
    assert again.headers["location"] == "/password"
    assert await sign_in(farout, NAME) == 200
