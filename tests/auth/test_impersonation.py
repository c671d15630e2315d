"""Looking through a user's eyes: short, marked everywhere, harmless, and leading back to nothing."""

import json

import pytest
from fastapi.routing import APIRoute

from backend.devtools.discord.seeds import COSMO_ID, LYRA_ID, NOVA_ID
from backend.web.same_origin import SAFE_METHODS
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.people import uid_of

HTML = {"Accept": "text/html"}
# What ends the impersonation, what nobody has to be signed in for, and nothing else.
OPEN = {
    "/auth/logout",
    "/sign-out",
    "/auth/login",
    "/auth/login/code",
    "/auth/passkeys/proof",
    "/auth/passkeys/sign-in",
    "/sign-in",
    "/sign-in/code",
    # These ask for no session: what counts is a token, or nothing.
    "/auth/token/refresh",
    "/auth/token/revoke",
    "/auth/register",
    "/register",
    "/auth/email/verify",
    "/verify-email",
    "/auth/email/change/confirm",
    "/auth/email/change/undo",
    "/account/email/confirm",
    "/account/email/undo",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/password/forgot",
    "/password/reset",
}


async def _begin(admin: Browser, uid: str, reason: str = "a ticket") -> None:
    answer = await admin.post(f"/auth/users/{uid}/impersonate", json={"reason": reason})
    assert answer.status_code == 200, answer.text


async def test_is_marked_in_the_session_on_every_page_and_in_the_audit_log(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    admin_uid, cosmo_uid = await uid_of(admin), await uid_of(cosmo)

    await _begin(admin, cosmo_uid)

    session = (await admin.get("/auth/session")).json()
    assert session["user"]["uid"] == cosmo_uid
    assert session["session"]["impersonator"] == {"uid": admin_uid, "username": "nova.reyes"}
    for page in ("/profile", "/members", "/account", "/docs", "/nowhere", "/admin/users"):
        shown = (await admin.get(page, headers=HTML)).text
        assert "you see the site as" in shown, page
        assert "nova.reyes" in shown
    entry = await one_row(
        auth_owner, "SELECT * FROM audit_log WHERE action = 'impersonation.started'"
    )
    assert (str(entry["actor_uid"]), str(entry["target_uid"])) == (admin_uid, cosmo_uid)
    assert json.loads(entry["details"])["reason"] == "a ticket"


async def test_the_user_sees_it_among_their_sessions_and_can_end_it(
    farout: Farout, admin: Browser
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    assert (await cosmo.get("/auth/session")).json()["session"]["impersonator"] is None
    await _begin(admin, await uid_of(cosmo))

    newest, own = (await cosmo.get("/auth/sessions")).json()["items"]

    assert (newest["method"], own["method"]) == ("impersonation", "discord")
    assert (newest["ip"], newest["user_agent"]) == (None, None)
    assert (await cosmo.delete(f"/auth/sessions/{newest['id']}")).status_code == 204
    assert (await admin.get("/auth/session")).status_code == 401


async def test_ends_in_nothing_and_not_in_the_session_of_the_admin(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    admin_uid, cosmo_uid = await uid_of(admin), await uid_of(cosmo)
    before = admin.session_token
    await _begin(admin, cosmo_uid)

    assert (await admin.post("/auth/logout")).status_code == 204

    assert admin.session_token is None
    stale = farout.browser()
    stale.cookies.set("__Host-farout_session", str(before), domain="farout.test")
    assert (await stale.get("/auth/session")).status_code == 401
    entry = await one_row(auth_owner, "SELECT * FROM audit_log WHERE action = 'session.ended'")
    assert (str(entry["actor_uid"]), str(entry["target_uid"])) == (admin_uid, cosmo_uid)
    assert (await cosmo.get("/auth/session")).status_code == 200


async def test_lasts_fifteen_minutes(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    await _begin(admin, await uid_of(cosmo))
    life = "SELECT expires_at - created_at FROM sessions WHERE impersonator_id IS NOT NULL"
    assert (await auth_owner.fetchval(life)).total_seconds() == 900

    await auth_owner.execute(
        "UPDATE sessions SET expires_at = now() WHERE impersonator_id IS NOT NULL"
    )

    assert (await admin.get("/auth/session")).status_code == 401


async def test_nothing_at_all_can_be_changed(farout: Farout, admin: Browser) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    await _begin(admin, await uid_of(cosmo))
    changing = [
        (method, route)
        for route in farout.app.routes
        if isinstance(route, APIRoute)
        and route.path not in OPEN
        and not route.path.startswith("/internal/")
        for method in (route.methods or set()) - SAFE_METHODS
    ]
    assert len(changing) > 20

    for method, route in changing:
        path = route.path
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", "0198c0de-0000-7000-8000-000000000001")
        answer = await admin.request(method, path, json={})
        # What FastAPI refuses for its form has not been done either.
        assert answer.status_code in (403, 422), (method, path, answer.text)
        if answer.status_code == 403:
            assert answer.json()["code"] == "impersonation_only_looks", (method, path)
    for path, body in (
        ("/auth/token", {}),
        ("/auth/password/change", {"current_password": "x", "new_password": "y"}),
    ):
        answer = await admin.post(path, json=body)
        assert answer.json()["code"] == "impersonation_only_looks"
    answer = await admin.patch("/api/members/me", json={"bio": "not mine"})
    assert answer.json()["code"] == "impersonation_only_looks"
    assert (await cosmo.get("/api/members/me")).json()["bio"] is None


async def test_admins_are_not_looked_through_and_nobody_but_admins_looks(
    farout: Farout, admin: Browser
) -> None:
    other = await farout.signed_in(COSMO_ID, role="admin")
    officer = await farout.signed_in(LYRA_ID, role="officer")

    for uid in (await uid_of(other), await uid_of(admin)):
        answer = await admin.post(f"/auth/users/{uid}/impersonate", json={"reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "cannot_impersonate")
    answer = await officer.post(
        f"/auth/users/{await uid_of(other)}/impersonate", json={"reason": "x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")
    assert (await admin.get("/auth/users")).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET role = 'member' WHERE discord_id = '{admin}'",
        "UPDATE users SET is_active = false WHERE discord_id = '{admin}'",
        "UPDATE users SET role = 'admin' WHERE discord_id = '{user}'",
        "UPDATE users SET is_active = false WHERE discord_id = '{user}'",
        "UPDATE account_security SET banned_at = now() FROM users"
        " WHERE id = user_id AND discord_id = '{admin}'",
        "UPDATE account_security SET banned_at = now() FROM users"
        " WHERE id = user_id AND discord_id = '{user}'",
        "DELETE FROM users WHERE discord_id = '{admin}'",
    ],
)
async def test_ends_with_what_the_admin_may_do_or_the_user_is(
    farout: Farout, admin: Browser, auth_owner: Connection, change: str
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    await _begin(admin, await uid_of(cosmo))
    assert (await admin.get("/auth/session")).status_code == 200

    await auth_owner.execute(change.format(admin=NOVA_ID, user=COSMO_ID))

    assert (await admin.get("/auth/session")).status_code == 401


async def test_ends_when_the_admin_signs_out_everywhere_else(
    farout: Farout, admin: Browser
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    await _begin(admin, await uid_of(cosmo))
    at_home = await farout.signed_in(NOVA_ID)

    assert (await at_home.delete("/auth/sessions")).json() == {"ended": 1}

    assert (await admin.get("/auth/session")).status_code == 401


async def test_a_notice_goes_out_for_the_session_when_the_admin_changes(
    farout: Farout, admin: Browser, auth_owner: Connection
) -> None:
    cosmo = await farout.signed_in(COSMO_ID)
    await _begin(admin, await uid_of(cosmo))
    session = (await admin.get("/auth/session")).json()["session"]["id"]
    heard: list[object] = []

    def hear(*arguments: object) -> None:
        heard.append(arguments[-1])

    await auth_owner.add_listener("farout_revocations", hear)
    for change in ("users SET role = 'member'", "account_security SET banned_at = now()"):
        heard.clear()
        await auth_owner.execute(f"UPDATE {change}")
        await auth_owner.execute("SELECT 1")
        assert f"session {session}" in heard, change
    await auth_owner.remove_listener("farout_revocations", hear)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 501}])
async def test_needs_a_reason(farout: Farout, admin: Browser, body: dict[str, str]) -> None:
    uid = await uid_of(await farout.signed_in(COSMO_ID))

    answer = await admin.post(f"/auth/users/{uid}/impersonate", json=body)

    assert answer.status_code == 422
    assert (await admin.get("/auth/users")).status_code == 200


async def test_somebody_who_cannot_sign_in_is_not_looked_through(
    farout: Farout, admin: Browser
) -> None:
    uid = await uid_of(await farout.signed_in(COSMO_ID))
    await admin.post(f"/auth/users/{uid}/ban", json={"reason": "x"})

    answer = await admin.post(f"/auth/users/{uid}/impersonate", json={"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "user_cannot_sign_in")
    assert (await admin.get("/auth/users")).status_code == 200


async def test_begins_from_the_page(farout: Farout, admin: Browser) -> None:
    uid = await uid_of(await farout.signed_in(COSMO_ID))

    refused = await admin.post(f"/admin/users/{uid}/impersonate", data={"reason": ""})
    done = await admin.post(f"/admin/users/{uid}/impersonate", data={"reason": "a ticket"})

    assert refused.status_code == 400
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert "you see the site as" in (await admin.get("/profile", headers=HTML)).text
