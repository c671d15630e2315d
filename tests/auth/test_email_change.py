"""Changing the address: confirmed at the new one, undone at the old one, whoever asked for it."""

import asyncio

import pytest

from tests.auth.local_accounts import EMAIL, NAME, PASSWORD, code_of, member, register, sign_in
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, link_in, text_of, token_in

NEW = "other@example.test"
HTML = {"Accept": "text/html"}


async def ask(browser: Browser, email: str = NEW, password: str = PASSWORD) -> tuple[int, str]:
    answer = await browser.post(
        "/auth/email/change", json={"new_email": email, "current_password": password}
    )
    return (202, answer.text) if answer.status_code == 202 else code_of(answer)


async def confirm(farout: Farout, token: str) -> tuple[int, str]:
    answer = await farout.browser().post("/auth/email/change/confirm", json={"token": token})
    return (204, "") if answer.status_code == 204 else code_of(answer)


async def undo(farout: Farout, token: str) -> tuple[int, str]:
    answer = await farout.browser().post("/auth/email/change/undo", json={"token": token})
    return (204, "") if answer.status_code == 204 else code_of(answer)


async def email_of(owner: Connection, name: str = NAME) -> str | None:
    found: str | None = await owner.fetchval("SELECT email FROM users WHERE username = $1", name)
    return found


@pytest.mark.asvs("6.3.7")
async def test_the_new_address_confirms_and_the_old_one_is_told(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    assert await ask(browser) == (202, "")
    assert await email_of(auth_owner) == EMAIL
    token = token_in(await mailbox.next(farout.auth, NEW))

    assert await confirm(farout, token) == (204, "")

    assert (await browser.get("/auth/session")).json()["user"]["email"] == NEW
    told = await mailbox.next(farout.auth, EMAIL)
    assert told["Subject"] == "Your e-mail address was changed"
    assert NEW not in text_of(told)
    assert await confirm(farout, token) == (400, "email_link_refused")
    changes = "SELECT payload->>'email' FROM outbox ORDER BY id DESC LIMIT 1"
    assert await auth_owner.fetchval(changes) == NEW


async def test_the_old_address_takes_it_back_and_the_thief_is_out(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """The thief knew the password and changed it, too; the owner has nothing but the old mailbox."""
    thief = await member(farout, mailbox)
    await ask(thief)
    await confirm(farout, token_in(await mailbox.next(farout.auth, NEW)))
    stolen = "stolen-lantern-9-teal"
    change = {"current_password": PASSWORD, "new_password": stolen}
    assert (await thief.post("/auth/password/change", json=change)).status_code == 204
    undo_token = token_in(await mailbox.next(farout.auth, EMAIL))
    await thief.post("/auth/password/forgot", json={"email": NEW})
    reset_token = token_in(await mailbox.next(farout.auth, NEW))

    assert await undo(farout, undo_token) == (204, "")

    assert await email_of(auth_owner) == EMAIL
    assert (await thief.get("/auth/session")).status_code == 401
    for password in (PASSWORD, stolen, "!", ""):
        assert (await sign_in(thief, password=password)).status_code in (401, 422)
    theirs = {"token": reset_token, "new_password": "stolen-harbour-2-teal"}
    assert code_of(await thief.post("/auth/password/reset", json=theirs))[0] == 400
    owner = farout.browser()
    link = token_in(await mailbox.next(farout.auth, EMAIL))
    chosen = {"token": link, "new_password": "owners-lantern-1-gold"}
    assert (await owner.post("/auth/password/reset", json=chosen)).status_code == 204
    assert (await sign_in(owner, password="owners-lantern-1-gold")).status_code == 200
    assert await undo(farout, undo_token) == (400, "email_link_refused")


async def test_the_first_address_wins_over_a_chain_of_changes(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    thief = await member(farout, mailbox)
    undos = []
    for before, after in ((EMAIL, NEW), (NEW, "third@example.test")):
        await ask(thief, after)
        await confirm(farout, token_in(await mailbox.next(farout.auth, after)))
        undos.append(token_in(await mailbox.next(farout.auth, before)))

    assert await undo(farout, undos[0]) == (204, "")

    assert await email_of(auth_owner) == EMAIL
    assert await undo(farout, undos[1]) == (400, "email_link_refused")
    assert await email_of(auth_owner) == EMAIL


async def test_undoing_is_possible_for_three_days(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    await ask(browser)
    await confirm(farout, token_in(await mailbox.next(farout.auth, NEW)))
    token = token_in(await mailbox.next(farout.auth, EMAIL))
    life = "SELECT undo_expires_at - confirmed_at = interval '3 days' FROM email_changes"
    assert await auth_owner.fetchval(life)

    await auth_owner.execute("UPDATE email_changes SET undo_expires_at = now()")

    assert await undo(farout, token) == (400, "email_link_refused")


@pytest.mark.asvs("6.3.8")
async def test_nobody_learns_by_it_whether_an_address_has_an_account(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox, name="owner", email=NEW)
    browser = await member(farout, mailbox)

    assert await ask(browser, NEW) == await ask(browser, "free@example.test") == (202, "")

    told = await mailbox.next(farout.auth, NEW)
    assert told["Subject"] == "Somebody wanted to use your e-mail address"
    assert "token" not in text_of(told)
    assert await email_of(auth_owner, "owner") == NEW


async def test_an_address_taken_in_between_is_refused_at_the_confirmation(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    await ask(browser)
    token = token_in(await mailbox.next(farout.auth, NEW))
    await member(farout, mailbox, name="quicker", email=NEW)

    assert await confirm(farout, token) == (409, "email_taken")
    assert await email_of(auth_owner) == EMAIL


async def test_the_newest_request_alone_can_be_confirmed_and_once(
    farout: Farout, mailbox: Mailbox
) -> None:
    browser = await member(farout, mailbox)
    await ask(browser)
    older = token_in(await mailbox.next(farout.auth, NEW))
    await ask(browser)
    newer = token_in(await mailbox.next(farout.auth, NEW))

    assert await confirm(farout, older) == (400, "email_link_refused")
    answers = await asyncio.gather(*(confirm(farout, newer) for _ in range(10)))

    assert sorted(answers) == [(204, "")] + [(400, "email_link_refused")] * 9


async def test_a_new_password_voids_a_change_that_was_asked_for_before(
    farout: Farout, mailbox: Mailbox
) -> None:
    browser = await member(farout, mailbox)
    await ask(browser)
    token = token_in(await mailbox.next(farout.auth, NEW))
    change = {"current_password": PASSWORD, "new_password": "another-lantern-9-teal"}
    await browser.post("/auth/password/change", json=change)

    assert await confirm(farout, token) == (400, "email_link_refused")


async def test_it_needs_the_password_and_another_address(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)

    assert await ask(browser, password="wrong-wrong") == (400, "current_password_wrong")
    assert await ask(browser, EMAIL.upper()) == (409, "email_unchanged")
    assert await ask(browser, "no address") == (400, "email_refused")
    assert await auth_owner.fetchval("SELECT count(*) FROM email_changes") == 0
    unknown = await confirm(farout, "A" * 43)
    assert unknown == await undo(farout, "x") == (400, "email_link_refused")


async def test_an_account_without_a_password_has_the_address_of_discord(browser: Browser) -> None:
    await browser.sign_in()

    assert await ask(browser) == (409, "no_password")


async def test_it_is_closed_to_strangers_and_to_the_unconfirmed(browser: Browser) -> None:
    assert (await ask(browser))[0] == 401
    await register(browser)
    await sign_in(browser)
    assert await ask(browser) == (403, "email_not_verified")


async def test_the_pages_do_it_without_a_script_and_opening_links_changes_nothing(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    assert "/account/email" in (await browser.get("/account", headers=HTML)).text
    assert "Send the link" in (await browser.get("/account/email", headers=HTML)).text
    given = {"new_email": NEW, "current_password": "wrong-wrong"}
    wrong = await browser.post("/account/email", data=given, headers=HTML)
    assert wrong.status_code == 400
    asked = await browser.post(
        "/account/email", data=given | {"current_password": PASSWORD}, headers=HTML
    )
    assert asked.headers["location"] == "/account?done=email_asked"
    to_confirm = link_in(await mailbox.next(farout.auth, NEW))
    for _ in range(2):
        assert (await farout.browser().get(to_confirm, headers=HTML)).status_code == 200
    assert await email_of(auth_owner) == EMAIL

    token = {"token": to_confirm.partition("token=")[2]}
    done = await farout.browser().post("/account/email/confirm", data=token, headers=HTML)
    assert "is changed" in done.text
    to_undo = link_in(await mailbox.next(farout.auth, EMAIL))
    for _ in range(2):
        assert (await farout.browser().get(to_undo, headers=HTML)).status_code == 200
    assert await email_of(auth_owner) == NEW

    token = {"token": to_undo.partition("token=")[2]}
    done = await farout.browser().post("/account/email/undo", data=token, headers=HTML)
    assert "taken back" in done.text
    assert await email_of(auth_owner) == EMAIL
    again = await farout.browser().post("/account/email/undo", data=token, headers=HTML)
    assert again.status_code == 400
