"""access_control.json for what admins do, and every admin route against everybody else."""

import httpx2
import pytest
from fastapi.routing import APIRoute

from backend.devtools.discord.seeds import COSMO_ID, LYRA_ID, NOVA_ID, ORION_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import PASSWORD, enrol, make_local_user, signed_in_with_password, uid_of
from tests.security.corpora import Case, by_id, cases

# The corpus' names for routes, and ours.
ROUTES = {
    "GET /api/v1/admin/users": ("GET", "/auth/users"),
    "POST /api/v1/admin/users/{user}/revoke-sessions": ("DELETE", "/auth/users/{uid}/sessions"),
    "GET /api/v1/admin/audit": ("GET", "/auth/audit"),
    "DELETE /api/v1/me/sessions/{session_of_other}": ("DELETE", "/auth/sessions/{session}"),
}
# There are no credentials for services on these routes; a token of theirs is one that we never made.
SERVICES = ("service_sync", "service_readonly")
MATRIX = [
    case
    for case in cases("access_control")
    if case.get("request") in ROUTES and not (case["actor"] in SERVICES and case["expect"] == 403)
]
# Some other field's value would be a role that exists, and some fields may be changed.
MASS = [
    case
    for case in cases("access_control")
    if "json" in case and not {"role", "is_active"} & set(case["json"])
]
REFUSALS = ("not_signed_in", "account_banned", "admin_required")
UID = "0198c0de-0000-7000-8000-000000000001"


async def actor(name: str, farout: Farout, owner: Connection) -> Browser:
    """Return the browser of one of the corpus' actors."""
    if name in ("anonymous", "mfa_pending"):
        browser = farout.browser()
        if name == "mfa_pending":
            await make_local_user(farout, owner, role="admin")
            await enrol(await signed_in_with_password(farout))
            login = {"identifier": "quiet", "password": PASSWORD}
            challenge = (await browser.post("/auth/login", json=login)).json()["challenge"]
            browser.cookies.set("__Host-farout_session", challenge, domain="farout.test")
        return browser
    if name in SERVICES:
        browser = farout.browser()
        browser.headers["Authorization"] = "Bearer of-a-service"
        return browser
    if name in ("admin", "officer"):
        return await farout.signed_in(NOVA_ID, role=name)  # type: ignore[arg-type]
    if name in ("member", "member_other"):
        return await farout.signed_in(COSMO_ID)
    # Even an admin's session, once it is over or its owner is kept out.
    browser = await farout.signed_in(ORION_ID, role="admin")
    change = {
        "banned": "UPDATE account_security SET banned_at = now() FROM users"
        " WHERE id = user_id AND discord_id = $1",
        "expired_session": "UPDATE sessions SET expires_at = now() FROM users"
        " WHERE users.id = user_id AND discord_id = $1",
    }[name]
    await owner.execute(change, ORION_ID)
    return browser


def _fits(answer: httpx2.Response, expected: object) -> bool:
    if isinstance(expected, str):
        return answer.status_code in (401, 403, 404)
    allowed = expected if isinstance(expected, list) else [expected]
    return answer.status_code in allowed


@pytest.mark.parametrize("case", by_id(MATRIX))
async def test_everybody_gets_what_the_matrix_says(
    case: Case, farout: Farout, auth_owner: Connection
) -> None:
    other = await farout.signed_in(LYRA_ID)
    session = (await other.get("/auth/session")).json()["session"]["id"]
    browser = await actor(case["actor"], farout, auth_owner)
    method, path = ROUTES[case["request"]]

    answer = await browser.request(method, path.format(uid=await uid_of(other), session=session))

    assert _fits(answer, case["expect"]), (answer.status_code, case)
    if answer.status_code >= 400:
        assert (await other.get("/auth/session")).status_code == 200


@pytest.mark.parametrize("case", by_id(MASS))
async def test_no_field_slips_through_with_a_change_of_a_user(case: Case, admin: Browser) -> None:
    change = {"role": "admin"} | {k: v for k, v in case["json"].items() if k != "display_name"}

    answer = await admin.patch(f"/auth/users/{await uid_of(admin)}", json=change)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "name", ["anonymous", "member", "officer", "banned", "expired_session", "mfa_pending"]
)
async def test_every_admin_route_is_closed_to_everybody_else(
    farout: Farout, auth_owner: Connection, name: str
) -> None:
    browser = await actor(name, farout, auth_owner)
    routes = [
        (method, route.path)
        for route in farout.app.routes
        if isinstance(route, APIRoute)
        and (route.path.startswith(("/admin", "/auth/users", "/auth/audit")))
        for method in route.methods or ()
    ]
    assert len(routes) >= 25

    for method, path in routes:
        filled = path.format(uid=UID, session_id=UID)
        # A body that is right, so that the answer is about who asks.
        body = {"reason": "x", "role": "member"}
        json = {
            "/auth/users/{uid}": {"role": "member"},
            "/auth/users/{uid}/ban": {"reason": "x"},
            "/auth/users/{uid}/impersonate": {"reason": "x"},
        }.get(path)
        form = body | {"is_active": "true"} if path.startswith("/admin") else None
        answer = await browser.request(method, filled, json=json, data=form)
        assert answer.status_code in (401, 403), (method, path, answer.text)
        assert answer.json()["code"] in REFUSALS, (method, path)
