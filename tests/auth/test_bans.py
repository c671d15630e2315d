"""A ban is felt at every door, says why and until when, and ends by the database's clock."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from backend.auth.bans.actions import ban_user
from backend.auth.users.errors import LastAdmin
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.people import (
    PASSWORD,
    make_local_user,
    signed_in_with_password,
    uid_of,
)


def _in(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


@pytest.mark.asvs("7.4.2")
async def test_a_ban_ends_every_session_and_token_at_once(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    laptop, phone = [await farout.signed_in(COSMO_ID) for _ in range(2)]
    token = (await phone.post("/auth/token")).json()["access_token"]

    answer = await admin.post(f"/auth/users/{await uid_of(laptop)}/ban", json={"reason": "spam"})

    assert answer.status_code == 200
    assert answer.json()["ban"]["reason"] == "spam"
    for response in (
        await laptop.get("/auth/session"),
        await phone.get("/api/members/me"),
        await farout.browser().get("/auth/session", headers={"Authorization": f"Bearer {token}"}),
    ):
        told = response.json()
        assert (response.status_code, told["code"], told["reason"]) == (
            403,
            "account_banned",
            "spam",
        )
    live = "SELECT count(*) FROM sessions JOIN users ON users.id = user_id WHERE revoked_at IS NULL"
    assert await auth_owner.fetchval(f"{live} AND discord_id = $1", COSMO_ID) == 0


async def test_whoever_is_banned_is_told_why_and_until_when_at_each_sign_in(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    quiet = await make_local_user(farout, auth_owner)
    until = "2099-05-01T12:00:00+00:00"
    for uid in (await uid_of(cosmo), quiet):
        ban = {"reason": "flooding", "expires_at": until}
        assert (await admin.post(f"/auth/users/{uid}/ban", json=ban)).status_code == 200

    with_discord = await cosmo.approve(await cosmo.begin(), COSMO_ID)
    with_password = await farout.browser().post(
        "/auth/login", json={"identifier": "quiet", "password": PASSWORD}
    )

    for refused in (with_discord, with_password):
        told = refused.json()
        assert (refused.status_code, told["code"]) == (403, "account_banned")
        assert (told["reason"], told["banned_until"]) == ("flooding", until)
        assert told["detail"] == "This account is banned until 1 May 2099, 12:00 UTC: flooding"


async def test_a_wrong_password_learns_nothing_of_a_ban(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    uid = await make_local_user(farout, auth_owner)
    await admin.post(f"/auth/users/{uid}/ban", json={"reason": "spam"})

    answer = await farout.browser().post(
        "/auth/login", json={"identifier": "quiet", "password": "something else"}
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


async def test_a_ban_runs_out_by_the_clock_of_the_database(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    uid = await uid_of(cosmo)
    await admin.post(f"/auth/users/{uid}/ban", json={"reason": "calm down", "expires_at": _in(5)})
    assert (await cosmo.approve(await cosmo.begin(), COSMO_ID)).status_code == 403

    await auth_owner.execute("UPDATE account_security SET ban_expires_at = now()")

    assert (await cosmo.get("/auth/session")).status_code == 401
    assert (await cosmo.sign_in(COSMO_ID)).status_code == 303
    assert (await admin.get(f"/auth/users/{uid}")).json()["ban"] is None


async def test_a_ban_by_hand_in_the_database_is_felt_too(
    farout: Farout, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)

    await auth_owner.execute("UPDATE account_security SET banned_at = now()")

    assert (await cosmo.get("/auth/session")).status_code == 403


async def test_lifting_a_ban_lets_in_again_and_both_are_written_down(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    uid = await uid_of(cosmo)
    await admin.post(f"/auth/users/{uid}/ban", json={"reason": "spam"})

    assert (await admin.post(f"/auth/users/{uid}/unban")).json()["ban"] is None
    again = await admin.post(f"/auth/users/{uid}/unban")

    assert (again.status_code, again.json()["code"]) == (409, "not_banned")
    assert (await cosmo.sign_in(COSMO_ID)).status_code == 303
    for action in ("user.banned", "user.unbanned"):
        query = "SELECT actor_uid, target_uid FROM audit_log WHERE action = $1"
        entry = await one_row(auth_owner, query, action)
        assert [str(one) for one in entry] == [await uid_of(admin), uid]


async def test_nobody_bans_themselves(admin: Browser) -> None:
    answer = await admin.post(f"/auth/users/{await uid_of(admin)}/ban", json={"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_ban_yourself")


async def test_two_admins_who_ban_each_other_leave_one(
    farout: Farout, auth_owner: Connection
) -> None:
    for _ in range(10):
        browsers = [await farout.signed_in(one, role="admin") for one in (NOVA_ID, COSMO_ID)]
        uids = [await uid_of(browser) for browser in browsers]

        results = await asyncio.gather(
            *(ban_user(farout.auth, uid, reason="x", by=None) for uid in uids),  # type: ignore[arg-type]
            return_exceptions=True,
        )

        assert sum(isinstance(result, LastAdmin) for result in results) == 1, results
        await auth_owner.execute("UPDATE account_security SET banned_at = NULL")


async def test_a_banned_admin_does_not_count_as_one_who_is_left(
    farout: Farout, admin: Browser
) -> None:
    cosmo = await farout.signed_in(COSMO_ID, role="admin")
    await admin.post(f"/auth/users/{await uid_of(cosmo)}/ban", json={"reason": "x"})

    answer = await admin.patch(f"/auth/users/{await uid_of(admin)}", json={"role": "member"})

    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")


@pytest.mark.parametrize(
    ("ban", "code"),
    [
        ({}, "invalid_request"),
        ({"reason": "  "}, "invalid_request"),
        ({"reason": "a\u0000b"}, "invalid_request"),
        ({"reason": "\ud800"}, "invalid_request"),
        ({"reason": "x" * 501}, "invalid_request"),
        ({"reason": "x", "expires_at": "2099-01-01T00:00:00"}, "invalid_request"),
        ({"reason": "x", "expires_at": "soon"}, "invalid_request"),
        ({"reason": "x", "expires_at": "2020-01-01T00:00:00Z"}, "ban_over_already"),
        ({"reason": "x", "expires_at": "9999-12-31T23:59:59-14:00"}, "invalid_request"),
        ({"reason": "x", "by": "me"}, "invalid_request"),
    ],
)
async def test_a_ban_that_makes_no_sense_is_refused(
    farout: Farout, admin: Browser, ban: dict[str, object], code: str
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)

    answer = await admin.post(
        f"/auth/users/{await uid_of(cosmo)}/ban",
        content=json.dumps(ban).encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == code
    assert (await cosmo.get("/auth/session")).status_code == 200


async def test_only_admins_ban(farout: Farout, auth_owner: Connection) -> None:
    uid = await make_local_user(farout, auth_owner)
    quiet = await signed_in_with_password(farout)
    officer = await farout.signed_in(COSMO_ID, role="officer")

    for browser in (quiet, officer):
        for answer in (
            await browser.post(f"/auth/users/{uid}/ban", json={"reason": "x"}),
            await browser.post(f"/auth/users/{uid}/unban"),
            await browser.post(f"/admin/users/{uid}/ban", data={"reason": "x"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")


async def test_the_page_bans_and_says_what_was_wrong(farout: Farout, admin: Browser) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    page = f"/admin/users/{await uid_of(cosmo)}"
    html = {"Accept": "text/html"}

    for form in ({"reason": " "}, {"reason": "x", "until": "2001-01-01T00:00"}, {"until": "?"}):
        answer = await admin.post(f"{page}/ban", data=form, headers=html)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
    done = await admin.post(
        f"{page}/ban", data={"reason": "<b>spam</b>", "until": "2099-01-31T12:00"}
    )

    assert done.status_code == 303
    shown = (await admin.get(done.headers["location"])).text
    assert "31 January 2099, 12:00 UTC" in shown
    assert "&lt;b&gt;spam&lt;/b&gt;" in shown
    assert (await cosmo.get("/auth/session")).status_code == 403
