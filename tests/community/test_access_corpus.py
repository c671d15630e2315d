"""The members' part of the access-control corpus: each kind of caller at each of its addresses."""

from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID, ORION_ID, STELLA_ID
from tests.community.test_api_keys import make_key, program
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases

# The corpus' addresses and ours. Notes and roles of members are not of this side, and nobody
# deletes a member here: such addresses refuse everybody.
ROUTES = {
    "GET /api/v1/members/{member}": f"GET /api/members/{COSMO_ID}",
    "PATCH /api/v1/members/{member}": "PATCH /api/members/me",
    "POST /api/v1/members/{member}/roles": "PUT /api/roles/member/permissions",
}
CASES = [one for one in cases("access_control") if one.get("request") in ROUTES]
# A profile is its owner's: an admin has one of his own, and `/me` is nobody else's.
NOT_OURS = {"ac-43"}
BODIES: dict[str, Any] = {"PATCH": {"bio": "x"}, "PUT": {"permissions": ["members.read"]}}
DENIED = {401, 403, 404}

pytestmark = pytest.mark.usefixtures("restored_roles")


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


@pytest.mark.parametrize("case", by_id(one for one in CASES if one["id"] not in NOT_OURS))
async def test_lets_in_whom_it_should(people: People, auth_owner: Connection, case: Case) -> None:
    await people.sign_in(COSMO_ID)
    browser = await caller(case["actor"], people, auth_owner)
    method, path = ROUTES[case["request"]].split()

    answer = await browser.request(method, path, json=BODIES.get(method), headers={"If-Match": "*"})

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


@pytest.mark.parametrize(
    "path",
    [
        "/api/members/{id},{id}", "/api/members/{id}/", "/api/members//{id}", "/API/members/{id}",
        "/api/members/1/../{id}/access", "/api/members/{id};x", "/api/members/{id}%00",
        "/api/members/%7B%22id%22:%7B%22$ne%22:null%7D%7D", "/api/v0/members/{id}",
        "/api/members/{id}/access?_method=PATCH",
    ],
)  # fmt: skip
async def test_no_spelling_of_an_address_opens_more(people: People, path: str) -> None:
    await people.sign_in(COSMO_ID)
    other = await people.sign_in(ORION_ID)

    answer = await other.get(
        path.replace("{id}", COSMO_ID), headers={"X-HTTP-Method-Override": "DELETE"}
    )

    assert answer.status_code in (403, 404, 422)
