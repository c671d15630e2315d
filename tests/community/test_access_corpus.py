"""The matrix of the access-control corpus: each kind of caller at each address of this side."""

from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID, ORION_ID, STELLA_ID
from tests.community.test_api_keys import make_key, program
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases

# The corpus' addresses and ours. Nobody deletes a member here: whoever goes is recorded as gone. What
# only officers read of a member is what he may do; roles are changed for all who have them.
ROUTES = {
    "GET /api/v1/me": "GET /api/members/me",
    "GET /api/v1/members/{member}": f"GET /api/members/{COSMO_ID}",
    "PATCH /api/v1/members/{member}": "PATCH /api/members/me",
    "DELETE /api/v1/members/{member}": f"PUT /api/members/{COSMO_ID}/departure",
    "GET /api/v1/members/{member}/notes": f"GET /api/members/{COSMO_ID}/access",
    "POST /api/v1/members/{member}/roles": "PUT /api/roles/member/permissions",
    "POST /internal/sync/events": "POST /internal/events",
}
CASES = [one for one in cases("access_control") if one.get("request") in ROUTES]
ELSEWHERE = (
    "/api/v1/me/sessions", "/api/v1/admin/", "/auth/introspect", "/metrics", "/openapi.json",
    "/healthz",
)  # fmt: skip
EXPLAINED = {
    "ac-3": "`/me` is whoever asks; the test below sees that it is nobody else",
    "ac-43": "only `/me` can be changed; the test below tries another's address",
    "ac-54": "officers may record departures until an admin takes that from the role, as below",
    "ac-116": "the auth service signs its events; tests/mirror judges those",
}
JUDGED = [one for one in CASES if one["id"] not in EXPLAINED]
BODIES: dict[str, Any] = {
    "PATCH /api/members/me": {"bio": "x"},
    f"PUT /api/members/{COSMO_ID}/departure": {"reason": "x"},
    "PUT /api/roles/member/permissions": {"permissions": ["members.read"]},
    "POST /internal/events": {"type": "user.updated"},
}
DENIED = {401, 403, 404}


async def caller(name: str, people: People, auth_owner: Connection) -> Browser:
    """Return a browser or program of the corpus' kind."""
    if name == "anonymous":
        return people.farout.browser()
    if name.startswith("service_"):
        admin = await people.sign_in(NOVA_ID, role="admin")
        scope = "members.read" if name == "service_readonly" else "posts.read"
        return program(people.farout, (await make_key(admin, scope))["token"])
    persons = {"member_other": ORION_ID, "officer": STELLA_ID, "admin": NOVA_ID}
    role: Any = name if name in ("officer", "admin") else "member"
    browser = await people.sign_in(persons.get(name, COSMO_ID), role=role)
    if name == "banned":
        await auth_owner.execute("UPDATE users SET is_active = false")
    elif name == "expired_session":
        await auth_owner.execute(
            "UPDATE sessions SET created_at = now() - interval '9 days',"
            " expires_at = now() - interval '1 minute'"
        )
    elif name == "mfa_pending":
        await auth_owner.execute("UPDATE users SET must_change_password = true")
    return browser


def test_every_case_is_judged_or_explained() -> None:
    of_this_side = {
        one["id"]
        for one in cases("access_control")
        if one["group"] == "matrix" and not one["request"].split()[1].startswith(ELSEWHERE)
    }

    assert of_this_side == {one["id"] for one in JUDGED} | EXPLAINED.keys()


@pytest.mark.parametrize("case", by_id(JUDGED))
async def test_lets_in_whom_it_should(people: People, auth_owner: Connection, case: Case) -> None:
    await people.sign_in(COSMO_ID)
    browser = await caller(case["actor"], people, auth_owner)
    ours = ROUTES[case["request"]]
    method, path = ours.split()

    answer = await browser.request(method, path, json=BODIES.get(ours), headers={"If-Match": "*"})

    expected = case["expect"]
    if isinstance(expected, str):
        expected = list(DENIED) if expected.startswith("deny") else [200]
    allowed = {expected} if isinstance(expected, int) else set(expected)
    # A key is no person and has no profile of its own: it is not told more than a stranger.
    if case["actor"].startswith("service_") and allowed <= DENIED:
        allowed = DENIED
    assert answer.status_code in allowed, answer.text


async def test_others_profiles_show_no_more_than_everybody_may_see(people: People) -> None:
    await people.sign_in(COSMO_ID)
    other = await people.sign_in(ORION_ID)

    shown = (await other.get(f"/api/members/{COSMO_ID}")).json()

    assert set(shown) == {
        "discord_id", "display_name", "bio", "avatar_url", "rank", "missions_completed",
        "trainings_completed", "stats", "created_at", "updated_at",
    }  # fmt: skip


async def test_me_is_whoever_asks_and_nobody_changes_another(people: People) -> None:
    cosmo = await people.sign_in(COSMO_ID)
    other = await people.sign_in(ORION_ID)
    before = (await cosmo.get("/api/members/me")).json()

    assert (await other.get("/api/members/me")).json()["discord_id"] == ORION_ID
    answer = await other.patch(
        f"/api/members/{COSMO_ID}", json={"bio": "x"}, headers={"If-Match": "*"}
    )

    assert answer.status_code == 405
    assert (await cosmo.get("/api/members/me")).json() == before


async def test_an_officer_records_no_departure_once_the_role_may_not(people: People) -> None:
    await people.sign_in(COSMO_ID)
    officer = await people.sign_in(STELLA_ID, role="officer")
    admin = await people.sign_in(NOVA_ID, role="admin")
    left = {"permissions": ["members.read"]}
    assert (await admin.put("/api/roles/officer/permissions", json=left)).status_code == 200

    answer = await officer.put(f"/api/members/{COSMO_ID}/departure", json={"reason": "x"})

    assert answer.status_code == 403
