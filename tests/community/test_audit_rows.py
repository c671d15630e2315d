"""Every route that changes something leaves exactly one audit row, and none when it changed nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.test_routes_by_role import rows
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection

# Is given the admin's browser, the row, and the step's address and body.
Probe = Callable[[Browser, str, str, Any], Awaitable[None]]

pytestmark = pytest.mark.usefixtures("restored_ladder", "restored_roles")

LADDER = ["member", "recruit", "veteran", "captain", "major"]
QUESTION = {"key": "why", "label": "Why?"}
LENDING = {"kind": "issued", "discord_id": COSMO_ID, "quantity": 1}
DATE = {"starts_at": "2099-01-01T00:00:00Z", "slots": [{"name": "pilot", "capacity": 1}]}
SEASON = {"slug": "x", "title": "x"} | {
    "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-02-01T00:00:00Z",
}  # fmt: skip
# In this order; what is made first is used by what comes after, under the name behind the arrow.
STEPS: list[tuple[str, Any]] = [
    ("PATCH /api/members/me", {"bio": "New"}),
    ("POST /profile/edit", {"display_name": "Newer", "bio": ""}),
    ("PATCH /api/members/{discord_id}/access", {"tags": ["vip"]}),
    ("PUT /api/roles/{role}/permissions", {"permissions": ["posts.read"]}),
    ("POST /api/ranks", {"code": "major", "name": "Major"}),
    ("PUT /api/ranks/order", {"codes": LADDER}),
    ("PATCH /api/ranks/{code}", {"name": "Other"}),
    ("POST /api/members/{discord_id}/rank-changes -> change_id", {"rank": "major", "reason": "x"}),
    ("POST /api/rank-changes/{change_id}/undo", {"reason": "x"}),
    ("PUT /api/members/{discord_id}/departure", {"reason": "x"}),
    ("DELETE /api/members/{discord_id}/departure", None),
    ("POST /api/posts -> post_id", {"title": "x", "body": "x"}),
    ("PATCH /api/posts/{post_id}", {"title": "y"}),
    ("DELETE /api/posts/{post_id}", None),
    ("POST /api/items -> item_id", {"name": "x"}),
    ("PATCH /api/items/{item_id}", {"name": "y"}),
    ("POST /api/items/{item_id}/stock", {"kind": "stocked", "quantity": 1}),
    ("POST /api/items/{item_id}/lendings", LENDING),
    ("POST /api/awards -> award_id", {"name": "x"}),
    ("PATCH /api/awards/{award_id}", {"name": "y"}),
    ("POST /api/awards/{award_id}/grants", {"discord_ids": [COSMO_ID], "reason": "x"}),
    ("POST /api/award-grants/{grant_id}/withdraw", {"reason": "x"}),
    ("POST /api/application-forms -> form_id", {"title": "x", "questions": [QUESTION]}),
    ("PATCH /api/application-forms/{form_id}", {"title": "y"}),
    ("POST /api/applications -> own_id", {"form_id": "FORM", "answers": {"why": "x"}}),
    ("POST /api/applications/{own_id}/withdraw", None),
    ("PUT /api/applications/{application_id}/vote", {"vote": "for"}),
    ("POST /api/applications/{application_id}/messages", {"body": "x"}),
    ("POST /api/applications/{application_id}/decision", {"decision": "accepted", "reason": "x"}),
    ("POST /api/keys -> key_id", {"name": "x", "scopes": ["members.read"]}),
    ("DELETE /api/keys/{key_id}", None),
    ("POST /api/missions", {"slug": "x", "title": "x"}),
    ("PATCH /api/missions/{slug}", {"title": "y"}),
    ("POST /api/trainings", {"slug": "x", "title": "x"}),
    ("PATCH /api/trainings/{slug}", {"title": "y"}),
    ("PUT /api/trainings/{slug}/prerequisites", {"trainings": []}),
    ("PUT /api/trainings/{slug}/instructors/{discord_id}", None),
    ("DELETE /api/trainings/{slug}/instructors/{discord_id}", None),
    ("POST /api/trainings/{slug}/classes", DATE),
    ("POST /api/missions/{slug}/occurrences -> occurrence_id", DATE),
    ("PUT /api/occurrences/{occurrence_id}/signup", {"slot": "pilot"}),
    ("PUT /api/occurrences/{occurrence_id}/signups/{discord_id}/approval", None),
    ("DELETE /api/occurrences/{occurrence_id}/signup", None),
    ("DELETE /api/occurrences/{occurrence_id}/signups/{discord_id}", None),
    ("PATCH /api/occurrences/{occurrence_id}", {"starts_at": "2020-01-01T00:00:00Z"}),
    ("PUT /api/occurrences/{occurrence_id}/report", {"people": [{"member": COSMO_ID}]}),
    ("POST /api/completions -> completion_id", {"member": COSMO_ID, "mission": "x"}),
    ("POST /api/completions/{completion_id}/revoke", {"reason": "x"}),
    ("POST /api/completions/bulk", {"members": [COSMO_ID], "mission": "x"}),
    ("POST /api/counters", {"key": "kills", "title": "x"}),
    ("PUT /api/members/{discord_id}/counters/{key}", {"add": 1}),
    ("POST /api/seasons", SEASON),
    ("POST /api/seasons/{slug}/close", None),
]  # fmt: skip


def test_every_route_that_changes_something_is_tried() -> None:
    tried = {step.partition(" -> ")[0].replace("{own_id}", "{application_id}") for step, _ in STEPS}

    assert tried == {row for row in rows() if not row.startswith("GET ")}


async def test_each_leaves_exactly_one_row(people: People, community_owner: Connection) -> None:
    left = await walk(people, community_owner)

    assert left == dict.fromkeys(left, 1)


async def walk(
    people: People, community_owner: Connection, probe: Probe | None = None
) -> dict[str, int]:
    """Take every step and return how many audit rows each left; ``probe`` comes before each."""
    cosmo = await people.sign_in(COSMO_ID)
    admin = await people.sign_in(NOVA_ID, role="admin")
    known = {"discord_id": COSMO_ID, "role": "officer", "code": "veteran"}
    known |= {"slug": "x", "key": "kills"}
    left: dict[str, int] = {}
    for step, body in STEPS:
        row, _, name = step.partition(" -> ")
        if row.endswith("{grant_id}/withdraw"):
            grant = "SELECT id::text FROM award_grants"
            known["grant_id"] = await community_owner.fetchval(grant)
        if row.endswith("{application_id}/vote"):
            known["application_id"] = await someone_applies(cosmo, known["form_id"])
        if row.endswith("/approval"):
            await community_owner.execute("UPDATE occurrences SET needs_approval = true")
        if "/signups/{discord_id}" in row:
            await take(cosmo, "PUT /api/occurrences/{occurrence_id}/signup", {}, known)
        await people.audited()
        if probe is not None:
            await probe(admin, row, row.format(**known), filled(body, known))
        answer = await take(admin, row, body, known)
        assert answer.status_code < 400, (row, answer.text)
        left[row] = len(await people.audited())
        if name:
            made = answer.json()
            known[name] = made["id"] if "id" in made else made["change"]["id"]
    return left


def filled(body: Any, known: dict[str, str]) -> Any:
    if body and body.get("form_id") == "FORM":
        return body | {"form_id": known["form_id"]}
    return body


async def someone_applies(cosmo: Browser, form: str) -> str:
    body = {"form_id": form, "answers": {"why": "x"}}
    return str((await cosmo.post("/api/applications", json=body)).json()["id"])


async def take(admin: Browser, row: str, body: Any, known: dict[str, str]) -> Any:
    method, path = row.split()
    address = path.format(**known)
    if path == "/profile/edit":
        tag = (await admin.get("/api/members/me")).headers["etag"].strip('"')
        return await admin.post(address, data=body | {"version": tag})
    return await admin.request(method, address, json=filled(body, known), headers={"If-Match": "*"})
