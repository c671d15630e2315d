"""Forgotten passwords: one link, once, for half an hour; the same for every address; no session left."""

import asyncio
import statistics
import time

import pytest

from backend.devtools.discord.seeds import NOVA_ID
from tests.auth.local_accounts import EMAIL, NAME, PASSWORD, code_of, member, settings, sign_in
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, link_in, text_of, token_in
from tests.fixtures.people import code_for, enrol

NEW = "quiet-harbour-3-copper"
HTML = {"Accept": "text/html"}


async def ask(browser: Browser, email: str = EMAIL) -> None:
    answer = await browser.post("/auth/password/forgot", json={"email": email})
    assert (answer.status_code, answer.text) == (202, "")


async def link_token(farout: Farout, mailbox: Mailbox, owner: Connection) -> str:
    """Ask for a link and read it, however short ago another one was sent."""
    await owner.execute(
        "UPDATE password_resets SET created_at = created_at - interval '61 seconds'"
    )
    await ask(farout.browser())
    return token_in(await mailbox.next(farout.auth, EMAIL))


async def reset(browser: Browser, token: str, new: str = NEW) -> tuple[int, str]:
    answer = await browser.post("/auth/password/reset", json={"token": token, "new_password": new})
    return (204, "") if answer.status_code == 204 else code_of(answer)


@pytest.mark.asvs("6.4.1")
async def test_a_link_sets_a_new_password_and_ends_every_session(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    at_home = await member(farout, mailbox)
    token = await link_token(farout, mailbox, auth_owner)
    browser = farout.browser()

    assert await reset(browser, token) == (204, "")

    assert (await at_home.get("/auth/session")).status_code == 401
    assert browser.session_token is None
    assert (await sign_in(browser)).status_code == 401
    assert (await sign_in(browser, password=NEW)).status_code == 200
    told = await mailbox.next(farout.auth, EMAIL)
    assert told["Subject"] == "Your password was changed"


@pytest.mark.asvs("6.4.3")
async def test_a_new_password_is_no_way_around_the_second_factor(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    secret, _ = await enrol(await member(farout, mailbox))
    token = await link_token(farout, mailbox, auth_owner)
    browser = farout.browser()

    assert await reset(browser, token) == (204, "")

    asked = await sign_in(browser, password=NEW)
    assert code_of(asked) == (401, "totp_required")
    assert browser.session_token is None
    code = {"challenge": asked.json()["challenge"], "code": code_for(secret)}
    assert (await browser.post("/auth/login/code", json=code)).status_code == 200


async def test_a_link_works_once_also_for_twenty_at_the_same_moment(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    token = await link_token(farout, mailbox, auth_owner)

    answers = await asyncio.gather(
        *(reset(farout.browser(), token, f"quiet-harbour-{n}-copper") for n in range(20))
    )

    assert sorted(answers) == [(204, "")] + [(400, "reset_link_refused")] * 19
    resets = "SELECT count(*) FROM audit_log WHERE action = 'password.reset'"
    assert await auth_owner.fetchval(resets) == 1


async def test_only_the_newest_link_works(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    older = await link_token(farout, mailbox, auth_owner)
    newer = await link_token(farout, mailbox, auth_owner)

    assert await reset(browser, older) == (400, "reset_link_refused")
    assert await reset(browser, newer) == (204, "")


async def test_a_link_is_dead_after_half_an_hour(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    token = await link_token(farout, mailbox, auth_owner)
    life = "SELECT expires_at - created_at = interval '30 minutes' FROM password_resets"
    assert await auth_owner.fetchval(life)

    await auth_owner.execute("UPDATE password_resets SET expires_at = now()")

    assert await reset(browser, token) == (400, "reset_link_refused")


async def test_changing_the_password_kills_a_link_that_is_under_way(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    at_home = await member(farout, mailbox)
    token = await link_token(farout, mailbox, auth_owner)
    change = {"current_password": PASSWORD, "new_password": "another-lantern-9-teal"}
    assert (await at_home.post("/auth/password/change", json=change)).status_code == 204

    assert await reset(farout.browser(), token) == (400, "reset_link_refused")


async def test_a_password_that_is_refused_leaves_the_link_good(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    token = await link_token(farout, mailbox, auth_owner)

    assert await reset(browser, token, "short") == (400, "password_refused")
    assert await reset(browser, token, f"{NAME}1") == (400, "password_refused")
    assert await reset(browser, token) == (204, "")


async def test_asking_and_resetting_at_the_same_moment_do_not_block_each_other(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    for number in range(8):
        token = await link_token(farout, mailbox, auth_owner)
        await auth_owner.execute(
            "UPDATE password_resets SET created_at = created_at - interval '61 seconds'"
        )
        await auth_owner.execute(
            "UPDATE account_security SET password_changed_at = password_changed_at - interval '1 h'"
        )

        used, *_ = await asyncio.gather(
            reset(farout.browser(), token, f"quiet-harbour-{number}-copper"),
            *(ask(farout.browser()) for _ in range(4)),
        )

        assert used in ((204, ""), (400, "reset_link_refused"))
        mailbox.clear()
        await auth_owner.execute("DELETE FROM mails")


@pytest.mark.asvs("6.3.8")
async def test_every_address_gets_the_same_answer_and_costs_the_same_rows(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    counted = []
    for email in (EMAIL, "nobody@example.test", "no address at all", "\0", ""):
        await auth_owner.execute(
            "DELETE FROM password_resets; DELETE FROM mails; DELETE FROM audit_log"
        )
        await ask(browser, email)
        counted.append(
            await auth_owner.fetchrow(
                "SELECT (SELECT count(*) FROM password_resets), (SELECT count(*) FROM mails),"
                " (SELECT count(*) FROM audit_log)"
            )
        )
    assert [tuple(row) for row in counted if row] == [(1, 1, 1)] * 5

    await ask(browser)
    await mailbox.next(farout.auth, EMAIL)
    assert {str(message["To"]) for message in mailbox.messages} <= {EMAIL}
    assert await auth_owner.fetchval("SELECT count(*) FROM mails") == 0


@pytest.mark.slow
async def test_every_address_takes_the_same_time(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(farout, mailbox)
    times: dict[str, list[float]] = {EMAIL: [], "nobody@example.test": []}
    for _ in range(150):
        for email, taken in times.items():
            await auth_owner.execute("DELETE FROM password_resets; DELETE FROM mails")
            started = time.perf_counter()
            await ask(browser, email)
            taken.append(time.perf_counter() - started)

    known, unknown = (statistics.median(taken) for taken in times.values())

    assert abs(known - unknown) / unknown < 0.05, (known, unknown)


async def test_asking_again_at_once_sends_nothing_more(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    await member(farout, mailbox)
    for _ in range(5):
        await ask(browser)

    token = token_in(await mailbox.next(farout.auth, EMAIL))

    assert mailbox.to(EMAIL) == []
    assert await reset(browser, token) == (204, "")


async def test_who_signs_in_with_discord_is_told_that_there_is_no_password(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """A mailbox alone must not become a way into an account that Discord keeps."""
    await browser.sign_in(NOVA_ID)
    email = await auth_owner.fetchval("SELECT email FROM users")

    await ask(browser, email)

    message = await mailbox.next(farout.auth, email)
    assert message["Subject"] == "Your account has no password"
    assert "token" not in text_of(message)


@pytest.mark.parametrize("change", ["is_active = false", "banned"])
async def test_who_may_not_sign_in_gets_no_link_and_uses_none(
    farout: Farout, browser: Browser, mailbox: Mailbox, auth_owner: Connection, change: str
) -> None:
    await member(farout, mailbox)
    token = await link_token(farout, mailbox, auth_owner)
    if change == "banned":
        await auth_owner.execute("UPDATE account_security SET banned_at = now()")
    else:
        await auth_owner.execute("UPDATE users SET is_active = false")
    await auth_owner.execute("UPDATE password_resets SET created_at = now() - interval '2 minutes'")

    assert await reset(browser, token) == (400, "reset_link_refused")
    await ask(browser)
    assert await auth_owner.fetchval("SELECT kind FROM mails") == "not_sent"


async def test_a_link_leads_here_whatever_host_was_asked_for(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    await member(farout, mailbox)

    await browser.post(
        "/auth/password/forgot",
        json={"email": EMAIL},
        headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"},
    )

    message = await mailbox.next(farout.auth, EMAIL)
    assert link_in(message).startswith("https://farout.test/password/reset?token=")
    assert "evil.test" not in message.as_string()


async def test_the_pages_do_it_without_a_script_and_opening_the_link_uses_nothing(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    await member(farout, mailbox)
    assert "/password/forgot" in (await browser.get("/sign-in", headers=HTML)).text
    assert (await browser.get("/password/forgot", headers=HTML)).status_code == 200
    sent = await browser.post("/password/forgot", data={"email": EMAIL}, headers=HTML)
    assert sent.headers["location"] == "/password/forgot/sent"
    assert "mailbox" in (await browser.get("/password/forgot/sent", headers=HTML)).text
    link = link_in(await mailbox.next(farout.auth, EMAIL))
    for _ in range(3):
        form = await browser.get(link, headers=HTML)
        assert form.text.count('type="password"') == 2

    token = link.partition("token=")[2]
    wrong = {"token": token, "new_password": NEW, "repeated": "other"}
    assert (await browser.post("/password/reset", data=wrong, headers=HTML)).status_code == 400
    done = await browser.post("/password/reset", data=wrong | {"repeated": NEW}, headers=HTML)

    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?done=reset")
    assert (await sign_in(browser, password=NEW)).status_code == 200


async def test_without_a_mail_server_a_site_says_so(farout: Farout, browser: Browser) -> None:
    with settings(farout, smtp_url=None, environment="production"):
        answer = await browser.post("/auth/password/forgot", json={"email": EMAIL})
        assert code_of(answer) == (409, "mail_not_configured")
        page = await browser.post("/password/forgot", data={"email": EMAIL}, headers=HTML)
        assert page.status_code == 409
        assert "/password/forgot" not in (await browser.get("/sign-in", headers=HTML)).text


@pytest.mark.asvs("6.2.10", "6.4.2")
async def test_passwords_do_not_run_out_and_there_are_no_secret_questions(
    auth_owner: Connection,
) -> None:
    columns = await auth_owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    names = {row["column_name"] for row in columns}
    assert "password_changed_at" in names
    assert not [name for name in names if "question" in name or "hint" in name]
    assert not [name for name in names if "password" in name and "expire" in name]
