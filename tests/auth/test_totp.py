"""An authenticator app: set up with a code, asked for at the door, each code good once."""

import asyncio

import httpx2
import pytest

from backend.auth.factors.totp import code_at, matching_step
from backend.devtools.discord.seeds import COSMO_ID
from backend.key_ring import NotDecipherable
from tests.auth.local_accounts import EMAIL, member
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, token_in
from tests.fixtures.people import (
    PASSWORD,
    code_for,
    enrol,
    make_local_user,
    signed_in_with_password,
    uid_of,
)

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
        (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(moment: int, code: str) -> None:
    assert code_at(RFC_SECRET, moment // 30) == code[-6:]


@pytest.mark.asvs("6.5.5")
@pytest.mark.parametrize(
    ("drift", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_to_either_side_counts_and_no_more(drift: int, taken: bool) -> None:
    code = code_at(RFC_SECRET, 1000 + drift)

    step = matching_step(RFC_SECRET, code, now=30_015.0, after=None)

    assert step == (1000 + drift if taken else None)


@pytest.fixture
async def quiet(farout: Farout, auth_owner: Connection) -> Browser:
    await make_local_user(farout, auth_owner)
    return await signed_in_with_password(farout)


async def _challenge(browser: Browser) -> str:
    answer = await browser.post("/auth/login", json={"identifier": "quiet", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "totp_required")
    challenge: str = answer.json()["challenge"]
    return challenge


async def _finish(browser: Browser, challenge: str, code: str) -> httpx2.Response:
    return await browser.post("/auth/login/code", json={"challenge": challenge, "code": code})


@pytest.mark.asvs("6.3.3")
async def test_the_password_alone_opens_nothing_once_an_app_is_set_up(
    farout: Farout, quiet: Browser
) -> None:
    secret, _ = await enrol(quiet)
    browser = farout.browser()

    challenge = await _challenge(browser)

    assert browser.session_token is None
    done = await _finish(browser, challenge, code_for(secret))
    assert done.status_code == 200
    assert (await browser.get("/auth/session")).json()["user"]["username"] == "quiet"
    assert (await browser.get("/auth/factors")).json()["totp"] is True


async def test_an_app_that_was_not_confirmed_changes_nothing(
    farout: Farout, quiet: Browser
) -> None:
    await quiet.post("/auth/totp")
    wrong = await quiet.post("/auth/totp/confirm", json={"code": "000000"})

    assert (wrong.status_code, wrong.json()["code"]) == (400, "code_wrong")
    await signed_in_with_password(farout)


@pytest.mark.asvs("6.5.1")
async def test_a_code_is_taken_once_also_by_twenty_at_once(farout: Farout, quiet: Browser) -> None:
    secret, _ = await enrol(quiet)
    browsers = [farout.browser() for _ in range(20)]
    challenges = [await _challenge(browser) for browser in browsers]
    code = code_for(secret)

    answers = await asyncio.gather(
        *(_finish(*pair, code) for pair in zip(browsers, challenges, strict=True))
    )

    assert [one.status_code for one in answers].count(200) == 1
    late = farout.browser()
    again = await _finish(late, await _challenge(late), code)
    assert again.status_code in (401, 429)


@pytest.mark.asvs("6.5.1")
async def test_the_code_that_set_the_app_up_is_used_up(farout: Farout, quiet: Browser) -> None:
    secret: str = (await quiet.post("/auth/totp")).json()["secret"]
    code = code_for(secret)
    assert (await quiet.post("/auth/totp/confirm", json={"code": code})).status_code == 200

    browser = farout.browser()
    answer = await _finish(browser, await _challenge(browser), code)

    assert (answer.status_code, answer.json()["code"]) == (401, "code_wrong")


async def test_five_wrong_codes_kill_the_challenge(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    secret, _ = await enrol(quiet)
    browser = farout.browser()
    challenge = await _challenge(browser)

    answers = [await _finish(browser, challenge, "000000") for _ in range(5)]
    assert {one.json()["code"] for one in answers} == {"code_wrong"}
    await auth_owner.execute("DELETE FROM login_attempts")

    dead = await _finish(browser, challenge, code_for(secret))
    assert (dead.status_code, dead.json()["code"]) == (401, "challenge_over")


async def test_new_challenges_do_not_help_to_guess_codes(farout: Farout, quiet: Browser) -> None:
    await enrol(quiet)
    answers = []
    for _ in range(8):
        browser = farout.browser()
        answers.append(await _finish(browser, await _challenge(browser), "000000"))

    assert answers[-1].json()["code"] == "too_many_attempts"


async def test_a_challenge_ends_after_five_minutes_and_with_the_password(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    secret, _ = await enrol(quiet)
    for change in (
        "UPDATE challenges SET expires_at = now()",
        "UPDATE account_security SET password_changed_at = now()",
        "UPDATE users SET is_active = false",
    ):
        browser = farout.browser()
        challenge = await _challenge(browser)
        await auth_owner.execute("UPDATE totp_secrets SET last_step = NULL")
        await auth_owner.execute(change)

        answer = await _finish(browser, challenge, code_for(secret))

        assert answer.json()["code"] == "challenge_over", change
        await auth_owner.execute("UPDATE users SET is_active = true; DELETE FROM challenges")


async def test_whoever_is_banned_is_told_so_after_the_code(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    secret, _ = await enrol(quiet)
    await auth_owner.execute("UPDATE account_security SET banned_at = now(), ban_reason = 'x'")
    browser = farout.browser()

    answer = await _finish(browser, await _challenge(browser), code_for(secret))

    assert (answer.status_code, answer.json()["code"]) == (403, "account_banned")


async def test_the_secret_is_encrypted_for_its_row(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    secret, codes = await enrol(quiet)
    other = await farout.signed_in(COSMO_ID)
    await enrol(other)
    rows = await auth_owner.fetch("SELECT * FROM totp_secrets, recovery_codes")
    dump = str([tuple(row.values()) for row in rows])
    assert secret not in dump
    assert not any(code in dump or code.replace("-", "") in dump for code in codes)

    sealed = await auth_owner.fetchval("SELECT secret FROM totp_secrets ORDER BY user_id LIMIT 1")
    with pytest.raises(NotDecipherable):
        farout.auth.key_ring.decrypt(sealed, place=b"totp_secrets.secret|0")


@pytest.mark.asvs("6.5.6")
async def test_removing_the_app_opens_the_account_to_the_password_again(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    await enrol(quiet)
    again = await quiet.post("/auth/totp")
    assert (again.status_code, again.json()["code"]) == (409, "totp_enabled")

    assert (await quiet.delete("/auth/totp")).status_code == 204

    await signed_in_with_password(farout)
    assert (await quiet.get("/auth/factors")).json() == {
        "totp": False, "recovery_codes_left": 0, "passkeys": [],
    }  # fmt: skip
    assert await auth_owner.fetchval("SELECT bool_or(mfa_enabled) FROM account_security") is False
    actions = [row[0] for row in await auth_owner.fetch("SELECT action FROM audit_log")]
    for action in ("totp.begun", "totp.enabled", "totp.disabled"):
        assert actions.count(action) == 1


@pytest.mark.asvs("6.4.4")
async def test_an_admin_helps_somebody_who_lost_everything(
    farout: Farout, quiet: Browser, admin: Browser, auth_owner: Connection
) -> None:
    await enrol(quiet)

    answer = await admin.delete(f"/auth/users/{await uid_of(quiet)}/factors")

    assert answer.status_code == 204
    await signed_in_with_password(farout)
    assert (
        await auth_owner.fetchval("SELECT count(*) FROM audit_log WHERE action = 'factors.removed'")
        == 1
    )


async def test_works_through_the_pages(farout: Farout, quiet: Browser) -> None:
    begun = await quiet.post("/account/factors/totp")
    assert (begun.status_code, begun.headers["location"]) == (303, "/account/factors/totp")
    page = (await quiet.get("/account/factors/totp")).text
    secret = page.partition("By hand: <code>")[2].partition("<")[0]
    assert "<svg" in page
    assert f"secret={secret}" in page
    wrong = await quiet.post("/account/factors/totp/confirm", data={"code": "1"})
    assert wrong.status_code == 400
    done = await quiet.post(
        "/account/factors/totp/confirm", data={"code": code_for(secret, later=-1)}
    )
    assert done.text.count("<li><code>") == 10

    browser = farout.browser()
    asked = await browser.post(
        "/sign-in", data={"identifier": "quiet", "password": PASSWORD, "next": "/account"}
    )
    challenge = asked.text.partition('name="challenge" value="')[2].partition('"')[0]
    form = {"challenge": challenge, "next": "/account"}
    wrong = await browser.post("/sign-in/code", data=form | {"code": "1"})
    assert (wrong.status_code, "This code is not right" in wrong.text) == (401, True)
    in_ = await browser.post("/sign-in/code", data=form | {"code": code_for(secret)})
    assert (in_.status_code, in_.headers["location"]) == (303, "/account")
    assert (await browser.get("/account")).status_code == 200


async def test_a_lost_encryption_key_is_said_and_lets_nobody_in(
    farout: Farout, quiet: Browser, auth_owner: Connection
) -> None:
    secret, _ = await enrol(quiet)
    await auth_owner.execute("UPDATE totp_secrets SET secret = set_byte(secret, 20, 0) || 'x'")
    browser = farout.browser()

    answer = await _finish(browser, await _challenge(browser), code_for(secret))

    assert (answer.status_code, answer.json()["code"]) == (503, "factor_unreadable")
    assert browser.session_token is None


async def test_a_new_password_by_mail_does_not_do_without_the_code(
    farout: Farout, mailbox: Mailbox
) -> None:
    browser = await member(farout, mailbox)
    secret, _ = await enrol(browser)
    thief = farout.browser()
    await thief.post("/auth/password/forgot", json={"email": EMAIL})
    token = token_in(await mailbox.next(farout.auth, EMAIL))

    body = {"token": token, "new_password": "another lantern beyond it"}
    assert (await thief.post("/auth/password/reset", json=body)).status_code == 204

    assert (await thief.get("/auth/session")).status_code == 401
    login = {"identifier": EMAIL, "password": "another lantern beyond it"}
    asked = await thief.post("/auth/login", json=login)
    assert (asked.status_code, asked.json()["code"]) == (401, "totp_required")
    assert thief.session_token is None
    answer = {"challenge": asked.json()["challenge"], "code": code_for(secret)}
    assert (await thief.post("/auth/login/code", json=answer)).status_code == 200
