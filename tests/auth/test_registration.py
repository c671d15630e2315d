"""Registering: alike for every address, nothing open until it is confirmed, mails that say how it goes on."""

import asyncio
from typing import Any

import pytest

from tests.auth.local_accounts import (
    EMAIL,
    NAME,
    PASSWORD,
    code_of,
    member,
    register,
    settings,
    sign_in,
)
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, link_in, text_of, token_in

HTML = {"Accept": "text/html"}


async def test_somebody_registers_confirms_and_is_in(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    answer = await register(browser, name="Quiet.Nova")
    assert (answer.status_code, answer.text) == (202, "")
    message = await mailbox.next(farout.auth, EMAIL)
    assert message["Subject"] == "Confirm your e-mail address"

    confirmed = await browser.post("/auth/email/verify", json={"token": token_in(message)})

    assert confirmed.status_code == 204
    assert (await sign_in(browser)).status_code == 200
    user = (await browser.get("/auth/session")).json()["user"]
    assert (user["username"], user["email"], user["role"]) == (NAME, EMAIL, "member")
    assert user["must_verify_email"] is False
    assert (await browser.get("/auth/sessions")).status_code == 200
    verified = "SELECT email_verified_at FROM account_security"
    assert await auth_owner.fetchval(verified) is not None


async def test_until_the_address_is_confirmed_nothing_else_is_open(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    await register(browser)
    assert (await sign_in(browser)).json()["user"]["must_verify_email"] is True

    closed = [
        await browser.get("/auth/sessions"),
        await browser.delete("/auth/sessions"),
        await browser.get("/auth/users"),
        await browser.get("/api/members"),
        await browser.post("/auth/token"),
        await browser.post(
            "/auth/password/change",
            json={"current_password": PASSWORD, "new_password": "another-lantern-9-teal"},
        ),
    ]
    assert [code_of(answer) for answer in closed] == [(403, "email_not_verified")] * len(closed)
    page = await browser.get("/members", headers=HTML)
    assert (page.status_code, page.headers["location"]) == (303, "/verify-email")

    token = token_in(await mailbox.next(farout.auth, EMAIL))
    await browser.post("/auth/email/verify", json={"token": token})

    assert (await browser.get("/auth/sessions")).status_code == 200


async def test_signing_out_and_another_mail_stay_open(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await register(browser)
    await sign_in(browser)
    first = token_in(await mailbox.next(farout.auth, EMAIL))
    too_soon = await browser.post("/auth/email/verify/resend")
    assert code_of(too_soon) == (409, "verification_just_sent")
    await auth_owner.execute(
        "UPDATE email_verifications SET sent_at = sent_at - interval '61 seconds'"
    )

    assert (await browser.post("/auth/email/verify/resend")).status_code == 202

    second = token_in(await mailbox.next(farout.auth, EMAIL))
    stale = await browser.post("/auth/email/verify", json={"token": first})
    assert code_of(stale) == (400, "verification_link_refused")
    assert (await browser.post("/auth/logout")).status_code == 204
    assert (await browser.post("/auth/email/verify", json={"token": second})).status_code == 204
    again = await browser.post("/auth/email/verify", json={"token": second})
    assert code_of(again) == (400, "verification_link_refused")


async def test_a_link_is_dead_after_a_day(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await register(browser)
    token = token_in(await mailbox.next(farout.auth, EMAIL))

    await auth_owner.execute("UPDATE email_verifications SET expires_at = now()")

    answer = await browser.post("/auth/email/verify", json={"token": token})
    assert code_of(answer) == (400, "verification_link_refused")


@pytest.mark.asvs("6.3.8")
async def test_nobody_learns_whether_an_address_has_an_account(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """The answer, the new account and all that can be done with it are the same; the owner is told."""
    await member(farout, mailbox)

    seen: list[Any] = []
    for number, email in enumerate(("nobody@example.test", "Quiet@example.test")):
        browser, name = farout.browser(), f"curious{number}"
        told = await register(browser, name=name, email=email)
        again = await register(farout.browser(), name=name, email=email)
        entered = await sign_in(browser, name)
        gated = await browser.get("/auth/sessions")
        resent = await browser.post("/auth/email/verify/resend")
        shown = (await browser.get("/verify-email")).text.replace(email, "ADDRESS")
        answers = (told, again, entered, gated, resent)
        bodies = [{**one.json(), "request_id": 0} for one in (again, gated, resent)]
        user = {**entered.json()["user"], "uid": 0, "username": 0}
        seen.append([[one.status_code for one in answers], bodies, user, shown])

    assert seen[0] == seen[1]
    mail = await mailbox.next(farout.auth, EMAIL)
    assert mail["Subject"] == "You already have an account"
    assert NAME in text_of(mail)
    assert mailbox.to("Quiet@example.test") == []


async def test_an_address_is_the_first_ones_who_confirms_it(
    farout: Farout, mailbox: Mailbox
) -> None:
    """Nobody can squat an address by registering with it."""
    squatter, owner = farout.browser(), farout.browser()
    await register(squatter, name="squatter")
    first = token_in(await mailbox.next(farout.auth, EMAIL))
    await register(owner)
    second = token_in(await mailbox.next(farout.auth, EMAIL))

    assert (await owner.post("/auth/email/verify", json={"token": second})).status_code == 204

    late = await squatter.post("/auth/email/verify", json={"token": first})
    assert code_of(late) == (409, "email_taken")
    await sign_in(squatter, "squatter")
    assert code_of(await squatter.get("/auth/sessions")) == (403, "email_not_verified")


async def test_two_who_confirm_the_same_address_at_once_do_not_both_get_it(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    tokens = []
    for number in range(4):
        await register(farout.browser(), name=f"person{number}")
        tokens.append(token_in(await mailbox.next(farout.auth, EMAIL)))

    answers = await asyncio.gather(
        *(farout.browser().post("/auth/email/verify", json={"token": one}) for one in tokens)
    )

    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
    assert await auth_owner.fetchval("SELECT count(*) FROM users WHERE email = $1", EMAIL) == 1


async def test_a_link_in_a_mail_changes_nothing_until_its_button_is_pressed(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """Scanners open every link of a mail before anybody reads it."""
    await register(browser)
    link = link_in(await mailbox.next(farout.auth, EMAIL))

    for _ in range(2):
        page = await farout.browser().get(link, headers=HTML)
        assert page.status_code == 200
    assert await auth_owner.fetchval("SELECT email FROM users") is None

    token = link.partition("token=")[2]
    pressed = await browser.post("/verify-email", data={"token": token})
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/sign-in?done=verified")
    assert "is confirmed" in (await browser.get("/sign-in?done=verified")).text
    assert await auth_owner.fetchval("SELECT email FROM users") == EMAIL


async def test_a_name_in_use_is_refused(farout: Farout, browser: Browser) -> None:
    await farout.signed_in()
    await register(browser)

    for name in (NAME, "nova.reyes", "Nova.Reyes"):
        answer = await register(browser, name=name, email="other@example.test")
        assert code_of(answer) == (409, "username_taken")


async def test_one_of_many_who_want_a_name_at_once_gets_it(farout: Farout) -> None:
    answers = await asyncio.gather(
        *(register(farout.browser(), email=f"p{number}@example.test") for number in range(10))
    )

    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9


@pytest.mark.parametrize(
    "name",
    [
        "", "a", "x" * 33, "a b", "a@b.test", ".dot", "dot.", "a..b", "n~1234", "no\0va", "n\u043eva",
        "admin", "Support", "a\nb", "<b>x</b>", "\ud800x",
    ],
)  # fmt: skip
async def test_a_name_that_could_mislead_is_refused(browser: Browser, name: str) -> None:
    body = '{"username": ' + ascii_json(name) + f', "email": "{EMAIL}", "password": "{PASSWORD}"}}'

    answer = await browser.post(
        "/auth/register", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 422), answer.text


def ascii_json(text: str) -> str:
    return '"' + "".join(f"\\u{ord(char):04x}" for char in text) + '"'


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "not an address", "email_refused"),
        ("email", "a@b.test\r\nBcc: c@d.test", "email_refused"),
        ("password", "short", "password_refused"),
        ("password", "quiet.nova1", "password_refused"),
        ("password", "password123", "password_refused"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_a_reason(
    browser: Browser, auth_owner: Connection, field: str, value: str, code: str
) -> None:
    answer = await register(browser, **{field: value})

    assert code_of(answer) == (400, code)
    assert value not in answer.text
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 0


async def test_a_role_cannot_be_asked_for(browser: Browser) -> None:
    assert (await register(browser, role="admin")).status_code == 422
    assert (await register(browser, is_active=True)).status_code == 422


async def test_a_closed_site_takes_nobody(farout: Farout, browser: Browser) -> None:
    with settings(farout, registration_mode="closed"):
        assert code_of(await register(browser)) == (403, "registration_closed")
        assert "/register" not in (await browser.get("/sign-in")).text


async def test_without_a_mail_server_a_site_says_so(farout: Farout, browser: Browser) -> None:
    with settings(farout, smtp_url=None, environment="production"):
        assert code_of(await register(browser)) == (409, "mail_not_configured")


async def test_a_name_comes_free_when_nobody_confirms_for_a_week(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await register(browser)
    await member(farout, mailbox, name="confirmed", email="confirmed@example.test")
    await auth_owner.execute(
        "UPDATE email_verifications SET created_at = created_at - interval '8 days'"
    )

    await register(browser, name="somebody.else", email="else@example.test")

    names = await auth_owner.fetch("SELECT username FROM users ORDER BY username")
    assert [row["username"] for row in names] == ["confirmed", "somebody.else"]


async def test_an_address_is_not_flooded_with_mails(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    for number in range(8):
        assert (await register(browser, name=f"person{number}")).status_code == 202

    await mailbox.next(farout.auth, EMAIL)

    assert len(mailbox.to(EMAIL)) == 4


async def test_the_mirror_hears_of_the_account_and_of_its_address(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)

    told = await auth_owner.fetch("SELECT type, payload->>'email' AS email FROM outbox ORDER BY id")
    assert [tuple(row) for row in told] == [("user.created", None), ("user.updated", EMAIL)]


async def test_whoever_remembers_the_session_hears_that_the_address_is_confirmed(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await register(browser)
    uid = (await sign_in(browser)).json()["user"]["uid"]
    token = token_in(await mailbox.next(farout.auth, EMAIL))
    heard: asyncio.Queue[object] = asyncio.Queue()

    def listen(*notice: object) -> None:
        heard.put_nowait(notice[-1])

    await auth_owner.add_listener("farout_revocations", listen)
    try:
        await browser.post("/auth/email/verify", json={"token": token})
        async with asyncio.timeout(10):
            assert await heard.get() == f"user {uid}"
    finally:
        await auth_owner.remove_listener("farout_revocations", listen)


async def test_each_step_leaves_one_entry_without_a_secret(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)

    entries = await auth_owner.fetch("SELECT * FROM audit_log ORDER BY id")
    actions = [entry["action"] for entry in entries]
    assert actions == ["user.registered", "email.verified", "session.started"]
    assert len({entry["target_uid"] for entry in entries}) == 1
    assert EMAIL not in str([dict(entry) for entry in entries])


@pytest.mark.asvs("6.2.6", "6.2.7")
async def test_the_form_registers_without_a_script(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    form = await browser.get("/register", headers=HTML)
    assert form.text.count('type="password"') == 2
    assert 'autocomplete="new-password"' in form.text
    assert "onpaste" not in form.text
    given = {"username": NAME, "email": EMAIL, "password": PASSWORD}

    wrong = await browser.post("/register", data=given | {"repeated": "x"}, headers=HTML)
    assert wrong.status_code == 400
    assert PASSWORD not in wrong.text
    assert EMAIL in wrong.text
    sent = await browser.post("/register", data=given | {"repeated": PASSWORD}, headers=HTML)

    assert (sent.status_code, sent.headers["location"]) == (303, "/register/sent")
    assert "mailbox" in (await browser.get("/register/sent")).text
    assert await mailbox.next(farout.auth, EMAIL)
    await sign_in(browser)
    waiting = await browser.get("/verify-email", headers=HTML)
    assert EMAIL in waiting.text
    assert "Send it again" in waiting.text
    resent = await browser.post("/verify-email/resend", headers=HTML)
    assert resent.status_code == 409


async def test_the_discord_sign_in_of_others_needs_no_address(browser: Browser) -> None:
    await browser.sign_in()

    assert (await browser.get("/auth/session")).json()["user"]["must_verify_email"] is False
