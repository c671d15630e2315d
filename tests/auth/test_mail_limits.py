"""Nobody has a stranger's mailbox flooded, whatever they ask for, and owners are told all the same."""

from collections.abc import AsyncIterator

import pytest

from backend.auth.limits.policies import WRITTEN_TO
from tests.auth.local_accounts import EMAIL, PASSWORD, code_of, member, register, settings
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, token_in

STRANGER = "stranger@example.test"
KINDS = "SELECT kind, count(*) FROM mails WHERE kind <> 'not_sent' GROUP BY kind"


@pytest.fixture
async def limited(farout: Farout) -> AsyncIterator[Farout]:
    with settings(farout, rate_limits=True):
        yield farout


async def calm(owner: Connection) -> None:
    """Let the network be new, and the last mail a minute old, as for somebody with many addresses."""
    await owner.execute("DELETE FROM rate_limits WHERE key NOT LIKE 'written-to%'")
    await owner.execute("UPDATE password_resets SET created_at = now() - interval '2 minutes'")
    await owner.execute("UPDATE email_verifications SET sent_at = now() - interval '2 minutes'")


async def queued(owner: Connection) -> dict[str, int]:
    return {row["kind"]: row["count"] for row in await owner.fetch(KINDS)}


async def test_a_hundred_requests_for_a_new_password_are_six_mails(
    limited: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(limited, mailbox)
    await auth_owner.execute("DELETE FROM mails; DELETE FROM rate_limits")
    answers = set()
    for email in (EMAIL, "nobody@example.test") * 50:
        await calm(auth_owner)
        answer = await limited.browser().post("/auth/password/forgot", json={"email": email})
        answers.add((answer.status_code, answer.text))

    assert answers == {(202, "")}
    assert await queued(auth_owner) == {"password_reset": WRITTEN_TO.requests}


async def test_the_owner_still_gets_a_link_and_the_newest_works(
    limited: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(limited, mailbox)
    browser = limited.browser()
    for _ in range(20):
        await calm(auth_owner)
        await browser.post("/auth/password/forgot", json={"email": EMAIL})
    links = [await mailbox.next(limited.auth, EMAIL) for _ in range(WRITTEN_TO.requests)]
    await auth_owner.execute(
        "UPDATE rate_limits SET full_at = full_at - interval '31 minutes' WHERE key LIKE 'written%'"
    )
    await calm(auth_owner)

    await browser.post("/auth/password/forgot", json={"email": EMAIL})

    newest = await mailbox.next(limited.auth, EMAIL)
    assert newest["Message-ID"] not in {link["Message-ID"] for link in links}
    body = {"token": token_in(newest), "new_password": "another lantern beyond it"}
    assert (await browser.post("/auth/password/reset", json=body)).status_code == 204


async def test_whoever_uses_many_doors_and_many_names_gets_no_further(
    limited: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(limited, mailbox)
    waiting = limited.browser()
    await auth_owner.execute("DELETE FROM mails; DELETE FROM rate_limits")
    assert (await register(waiting, name="waiting", email=STRANGER)).status_code == 202
    login = {"identifier": "waiting", "password": PASSWORD}
    assert (await waiting.post("/auth/login", json=login)).status_code == 200
    told = set()
    for number in range(20):
        await calm(auth_owner)
        tagged = STRANGER.replace("@", f"+{number}@")
        await register(limited.browser(), name=f"person{number}", email=tagged)
        change = {"new_email": tagged, "current_password": PASSWORD}
        told.add(
            code_of(await browser.post("/auth/email/change", json=change)) if number > 6 else 0
        )
        await calm(auth_owner)
        again = await waiting.post("/auth/email/verify/resend")
        told.add(code_of(again) if number > 6 else 0)

    assert sum((await queued(auth_owner)).values()) == WRITTEN_TO.requests
    assert told == {0, (429, "too_many_mails")}


async def test_what_happened_to_an_account_is_told_all_the_same(
    limited: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    await member(limited, mailbox)
    browser = limited.browser()
    await calm(auth_owner)
    await browser.post("/auth/password/forgot", json={"email": EMAIL})
    token = token_in(await mailbox.next(limited.auth, EMAIL))
    await auth_owner.execute("UPDATE rate_limits SET full_at = now() + interval '1 day'")
    await calm(auth_owner)

    body = {"token": token, "new_password": "another lantern beyond it"}
    assert (await browser.post("/auth/password/reset", json=body)).status_code == 204

    assert (await mailbox.next(limited.auth, EMAIL))["Subject"] == "Your password was changed"


async def test_a_session_does_not_help_to_guess_the_password_by_changing_the_address(
    farout: Farout, mailbox: Mailbox
) -> None:
    browser = await member(farout, mailbox)
    change = {"new_email": STRANGER, "current_password": "a wrong one"}

    answers = [await browser.post("/auth/email/change", json=change) for _ in range(15)]

    assert code_of(answers[0]) == (400, "current_password_wrong")
    assert code_of(answers[-1]) == (429, "too_many_attempts")
    right = await browser.post("/auth/email/change", json=change | {"current_password": PASSWORD})
    assert right.status_code == 429


async def test_the_pages_say_so_too(
    limited: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(limited, mailbox)
    form = {"new_email": STRANGER, "current_password": PASSWORD}
    await browser.post("/account/email", data=form)
    await auth_owner.execute("UPDATE rate_limits SET full_at = now() + interval '1 day'")
    await calm(auth_owner)

    shown = await browser.post("/account/email", data=form, headers={"Accept": "text/html"})

    assert shown.status_code == 429
    assert "several mails already" in shown.text
