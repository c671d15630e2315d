"""What mails carry: it opens nothing by itself, is nowhere in a log or a dump, and dies when it is used."""

import logging

import pytest

from tests.auth.local_accounts import EMAIL, NAME, PASSWORD, member, register
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, token_in
from tests.security.dumps import occurrences

NEW_EMAIL, NEW_PASSWORD = "other@example.test", "quiet-harbour-3-copper"


async def use_every_link(farout: Farout, mailbox: Mailbox, owner: Connection) -> list[str]:
    """Go through everything that sends a link; return all tokens, each used by a new browser."""
    browser, tokens = farout.browser(), []

    async def use(to: str, path: str, **more: str) -> None:
        token = token_in(await mailbox.next(farout.auth, to))
        assert await occurrences(owner, token) == []
        tokens.append(token)
        stranger = farout.browser()
        answer = await stranger.post(path, json={"token": token, **more})
        assert (answer.status_code, answer.text) == (204, "")
        assert len(stranger.cookies) == 0

    await register(browser)
    await use(EMAIL, "/auth/email/verify")
    await browser.post("/auth/password/forgot", json={"email": EMAIL})
    await use(EMAIL, "/auth/password/reset", new_password=NEW_PASSWORD)
    await mailbox.next(farout.auth, EMAIL)
    await browser.post("/auth/login", json={"identifier": NAME, "password": NEW_PASSWORD})
    change = {"new_email": NEW_EMAIL, "current_password": NEW_PASSWORD}
    assert (await browser.post("/auth/email/change", json=change)).status_code == 202
    await use(NEW_EMAIL, "/auth/email/change/confirm")
    await use(EMAIL, "/auth/email/change/undo")
    return tokens


@pytest.mark.asvs("6.3.6", "6.4.1", "6.5.1")
async def test_no_link_signs_anybody_in_or_works_twice(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    tokens = await use_every_link(farout, mailbox, auth_owner)

    assert len(set(tokens)) == 4
    assert all(len(token) == 43 for token in tokens)
    for path in ("email/verify", "email/change/confirm", "email/change/undo", "password/reset"):
        for token in tokens:
            more = {"new_password": NEW_PASSWORD} if path == "password/reset" else {}
            again = await farout.browser().post(f"/auth/{path}", json={"token": token, **more})
            assert again.status_code == 400, path


async def test_no_log_line_holds_what_was_mailed_or_typed(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "backend")

    tokens = await use_every_link(farout, mailbox, auth_owner)

    # The server of the tests has a log of its own.
    lines = [str(vars(one)) for one in caplog.records if not one.name.startswith("mail.")]
    assert lines
    for secret in (*tokens, PASSWORD, NEW_PASSWORD, EMAIL, NEW_EMAIL):
        assert [line for line in lines if secret in line] == []


@pytest.mark.asvs("6.4.6")
async def test_no_admin_chooses_a_password_for_somebody(
    farout: Farout, mailbox: Mailbox, admin: Browser
) -> None:
    browser = await member(farout, mailbox)
    uid = (await browser.get("/auth/session")).json()["user"]["uid"]

    for field in ("password", "hashed_password", "email"):
        answer = await admin.patch(f"/auth/users/{uid}", json={field: NEW_PASSWORD})
        assert answer.status_code == 422


async def test_the_same_secret_in_another_place_opens_nothing(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    await member(farout, mailbox)
    await browser.post("/auth/password/forgot", json={"email": EMAIL})
    token = token_in(await mailbox.next(farout.auth, EMAIL))

    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Cookie": f"__Host-farout_session={token}"},
    ):
        assert (await browser.get("/auth/session", headers=headers)).status_code == 401
