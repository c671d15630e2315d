"""Admins see where somebody is signed in, end it, and make them change a password."""

import pytest

from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.people import PASSWORD, make_local_user, signed_in_with_password, uid_of


@pytest.mark.asvs("7.4.5")
async def test_an_admin_ends_one_session_of_a_user(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    laptop, phone = [await farout.signed_in(COSMO_ID) for _ in range(2)]
    uid = await uid_of(laptop)
    newest, _ = (await admin.get(f"/auth/users/{uid}/sessions")).json()["items"]

    answer = await admin.delete(f"/auth/users/{uid}/sessions/{newest['id']}")

    assert answer.status_code == 204
    assert (await phone.get("/auth/session")).status_code == 401
    assert (await laptop.get("/auth/session")).status_code == 200
    again = await admin.delete(f"/auth/users/{uid}/sessions/{newest['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "session_not_found")
    query = "SELECT actor_uid, target_uid FROM audit_log WHERE action = 'session.ended'"
    entry = await one_row(auth_owner, query)
    assert [str(one) for one in entry] == [await uid_of(admin), uid]


@pytest.mark.asvs("7.4.5")
async def test_an_admin_ends_all_sessions_of_a_user(farout: Farout, admin: Browser) -> None:
    browsers = [await farout.signed_in(COSMO_ID) for _ in range(3)]
    uid = await uid_of(browsers[0])

    assert (await admin.delete(f"/auth/users/{uid}/sessions")).json() == {"ended": 3}

    for browser in browsers:
        assert (await browser.get("/auth/session")).status_code == 401
    assert (await admin.get("/auth/session")).status_code == 200


async def test_the_session_of_one_user_cannot_be_ended_under_the_name_of_another(
    farout: Farout, admin: Browser
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    session = (await cosmo.get("/auth/session")).json()["session"]["id"]

    answer = await admin.delete(f"/auth/users/{await uid_of(admin)}/sessions/{session}")

    assert answer.status_code == 404
    assert (await cosmo.get("/auth/session")).status_code == 200


async def test_until_a_required_password_change_nothing_else_is_open(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    uid = await make_local_user(farout, auth_owner)
    quiet = await signed_in_with_password(farout)

    answer = await admin.post(f"/auth/users/{uid}/require-password-change")

    assert answer.status_code == 204
    refused = await quiet.get("/api/members")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    change = {"current_password": PASSWORD, "new_password": "another place beyond the sky"}
    assert (await quiet.post("/auth/password/change", json=change)).status_code == 204
    assert (await quiet.get("/api/members")).status_code == 200


async def test_no_password_can_be_required_of_an_account_without_one(
    farout: Farout, admin: Browser
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)

    answer = await admin.post(f"/auth/users/{await uid_of(cosmo)}/require-password-change")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_password")


async def test_the_page_shows_a_user_and_does_it_too(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    uid = await make_local_user(farout, auth_owner)
    quiet = await signed_in_with_password(farout)
    page = f"/admin/users/{uid}"

    assert "Signed in with a password" in (await admin.get(page)).text
    [session] = (await admin.get(f"/auth/users/{uid}/sessions")).json()["items"]
    for form in (
        f"{page}/require-password-change",
        f"{page}/sessions/{session['id']}/end",
        f"{page}/sessions/end",
    ):
        done = await admin.post(form)
        assert done.status_code == 303, form
        assert 'role="status"' in (await admin.get(done.headers["location"])).text

    assert (await quiet.get("/auth/session")).status_code == 401


async def test_only_admins_may(farout: Farout) -> None:
    officer = await farout.signed_in(COSMO_ID, role="officer")
    uid = await uid_of(officer)

    for method, path in (
        ("GET", f"/auth/users/{uid}"),
        ("GET", f"/auth/users/{uid}/sessions"),
        ("DELETE", f"/auth/users/{uid}/sessions"),
        ("DELETE", f"/auth/users/{uid}/sessions/{uid}"),
        ("POST", f"/auth/users/{uid}/require-password-change"),
        ("GET", f"/admin/users/{uid}"),
    ):
        answer = await officer.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")
