"""Every route that changes something leaves exactly one audit row and the event that it is, if any."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.community.events.catalogue import EVENT_TYPES, TEST, UNTOLD, EventType, Kind
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.test_routes_by_role import rows
from tests.fixtures.application import Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection

# Before a step: the admin's browser, the row, its address and body. After it: the row, and the actions.
Before = Callable[[Browser, str, str, Any], Awaitable[None]]
After = Callable[[str, list[str]], Awaitable[None]]


# What one of the routes below leaves in another case: the way back, or the other decision.
ELSEWHERE = {"item.removed", "item.returned", "application.rejected"}
LADDER = ["member", "recruit", "veteran", "captain", "major"]
QUESTION = {"key": "why", "label": "Why?"}
FORM = {"title": "x", "questions": [QUESTION], "reapply_after_days": 0}
LENDING = {"kind": "issued", "discord_id": COSMO_ID, "quantity": 1}
DATE = {"starts_at": "2099-01-01T00:00:00Z", "slots": [{"name": "pilot", "capacity": 1}]}
SEASON = {"slug": "x", "title": "x"} | {
    "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-02-01T00:00:00Z",
}  # fmt: skip
# Called like the end of the address that its form leads to.
SEASON_FORM = {
    "slug": "seasons",
    "title": "x",
    "starts_at": "2020-03-01T00:00",
    "ends_at": "2020-04-01T00:00",
}
HOOK = {"url": "https://bot.example.org/farout", "event_types": ["item.added"]}
FORMS: Mapping[Kind, Callable[[Any], bool]] = {
    "id": lambda said: bool(re.fullmatch(r"[0-9a-f-]{36}|[0-9]+", said)),
    "member": lambda said: bool(re.fullmatch("[0-9]{1,20}", said)),
    "text": lambda said: isinstance(said, str),
    "time": lambda said: said is None or bool(datetime.fromisoformat(said).tzinfo),
    "day": lambda said: bool(re.fullmatch(r"\d{4}-\d\d-\d\d", said)),
    "number": lambda said: type(said) is int,
    "names": lambda said: all(isinstance(one, str) for one in said),
    "awarded": lambda said: all(key.isdecimal() and len(said[key]) == 36 for key in said),
}
SLOT = {"slot-0": "pilot", "capacity-0": "1"}
ASKED = {
    "title": "z",
    "key-0": "why",
    "label-0": "Why?",
    "reapply_after_days": "0",
    "is_open": "yes",
}
# What is named in a path and made by a step whose answer does not name it.
LATEST = {
    "grant_id": "SELECT id::text FROM award_grants ORDER BY id DESC LIMIT 1",
    "change_id": "SELECT max(id)::text FROM rank_changes",
    "completion_id": "SELECT id::text FROM completions ORDER BY id DESC LIMIT 1",
    "key_id": "SELECT id::text FROM api_keys ORDER BY id DESC LIMIT 1",
}
# In this order; what is made first is used by what comes after, under the name behind the arrow.
STEPS: list[tuple[str, Any]] = [
    ("PATCH /api/members/me", {"bio": "New"}),
    ("POST /profile/edit", {"display_name": "Newer", "bio": ""}),
    ("PATCH /api/members/{discord_id}/access", {"tags": ["vip"]}),
    ("PUT /api/roles/{role}/permissions", {"permissions": ["posts.read"]}),
    ("POST /api/ranks", {"code": "major", "name": "Major"}),
    ("PUT /api/ranks/order", {"codes": LADDER}),
    ("PATCH /api/ranks/{code}", {"name": "Other"}),
    ("POST /api/members/{discord_id}/rank-changes", {"rank": "major", "reason": "x"}),
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
    ("POST /api/application-forms -> form_id", FORM),
    ("PATCH /api/application-forms/{form_id}", {"title": "y"}),
    ("POST /api/applications -> own_id", {"form_id": "FORM", "answers": {"why": "x"}}),
    ("POST /api/applications/{own_id}/withdraw", None),
    ("PUT /api/applications/{application_id}/vote", {"vote": "for"}),
    ("POST /api/applications/{application_id}/messages", {"body": "x"}),
    ("POST /api/applications/{application_id}/decision", {"decision": "accepted", "reason": "x"}),
    ("POST /api/keys", {"name": "x", "scopes": ["members.read"]}),
    ("DELETE /api/keys/{key_id}", None),
    ("POST /api/webhooks -> webhook_id", HOOK),
    ("PATCH /api/webhooks/{webhook_id}", {"description": "x"}),
    ("POST /api/webhooks/{webhook_id}/secret", None),
    ("POST /api/webhooks/{webhook_id}/test -> delivery_id", None),
    ("POST /api/webhooks/{webhook_id}/replay", {"since": "2026-01-01T00:00:00Z"}),
    ("POST /api/webhook-deliveries/{delivery_id}/replay", None),
    ("POST /webhooks", HOOK),
    ("POST /webhooks/{webhook_id}", HOOK | {"url": "https://other.example.org/"}),
    ("POST /webhooks/{webhook_id}/secret", {}),
    ("POST /webhooks/{webhook_id}", HOOK | {"enabled": "true"}),
    ("POST /webhooks/{webhook_id}/test", {}),
    ("POST /webhooks/{webhook_id}/replay", {}),
    ("POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay", {}),
    ("DELETE /api/webhooks/{webhook_id}", None),
    ("POST /api/webhooks -> webhook_id", HOOK),
    ("POST /webhooks/{webhook_id}/delete", {}),
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
    # The forms of the pages.
    ("POST /ranks", {"code": "general", "name": "x"}),
    ("POST /ranks/{code}", {"name": "Third"}),
    ("POST /ranks/{code}/move", {"to": "up"}),
    ("POST /members/{discord_id}/rank-changes", {"rank": "general", "reason": "x"}),
    ("POST /members/{discord_id}/rank-changes/{change_id}/undo", {"reason": "x"}),
    ("POST /missions/{slug}/award", {"members": COSMO_ID, "outcome": "success"}),
    ("POST /trainings/{slug}/award", {"members": COSMO_ID, "result": "waived"}),
    ("POST /members/{discord_id}/departure", {"reason": "x"}),
    ("POST /members/{discord_id}/return", {}),
    ("POST /members/{discord_id}/counters", {"counter": "kills", "how": "add", "number": "1"}),
    ("POST /leaderboards/counters", {"key": "kudos", "title": "x"}),
    ("POST /permissions/roles/{role}", {"boxes": "shown", "permissions": "posts.write"}),
    ("POST /members/{discord_id}/access/grants", {"boxes": "shown", "permissions": "posts.write"}),
    ("POST /members/{discord_id}/access/labels", {"tags": "a b", "plan_tier": "free"}),
    ("POST /posts -> post_id", {"title": "x", "body": "x", "when": "draft"}),
    ("POST /posts/{post_id}/edit", {"title": "y", "body": "x", "when": "draft"}),
    ("POST /posts/{post_id}/delete", {}),
    ("POST /posts -> post_id", {"title": "x", "body": "x", "when": "draft"}),
    ("POST /posts/{post_id}/publish", {}),
    ("POST /posts/{post_id}/withdraw", {}),
    ("POST /posts/{post_id}/restore", {}),
    ("POST /items -> item_id", {"name": "x"}),
    ("POST /items/{item_id}/edit", {"name": "y"}),
    ("POST /items/{item_id}/stock", {"kind": "stocked", "quantity": "2"}),
    ("POST /items/{item_id}/lendings", {"kind": "issued", "member": COSMO_ID, "quantity": "1"}),
    ("POST /awards -> award_id", {"name": "x"}),
    ("POST /awards/{award_id}/edit", {"name": "y"}),
    ("POST /awards/{award_id}/grants", {"members": COSMO_ID, "reason": "x"}),
    ("POST /members/{discord_id}/awards/{grant_id}/withdraw", {"reason": "x"}),
    ("POST /members/{discord_id}/awards", {"award": "{award_id}", "reason": "x"}),
    ("POST /applications/forms", {"title": "x", "label-0": "Why?", "reapply_after_days": "0"}),
    ("POST /applications/forms/{form_id}/edit", ASKED),
    ("POST /applications/forms/{form_id} -> own_id", {"answer-why": "x"}),
    ("POST /applications/{own_id}/withdraw", {}),
    ("POST /applications/{application_id}/vote", {"vote": "for"}),
    ("POST /applications/{application_id}/messages", {"body": "x"}),
    ("POST /applications/{application_id}/decision", {"decision": "rejected", "reason": "x"}),
    ("POST /api-keys", {"name": "x", "scopes": "members.read", "expires_in_days": "1"}),
    ("POST /api-keys/{key_id}/revoke", {}),
    ("POST /missions", {"slug": "from-a-page", "title": "x"}),
    ("POST /missions/{slug}/edit", {"title": "z"}),
    ("POST /missions/{slug}/dates -> occurrence_id", {"starts_at": "2099-01-01T00:00", **SLOT}),
    ("POST /trainings", {"slug": "from-a-page", "title": "x", "level": "1"}),
    ("POST /members/{discord_id}/record/missions", {"mission": "from-a-page", "outcome": "success"}),
    ("POST /members/{discord_id}/record/trainings", {"training": "from-a-page", "result": "waived"}),
    ("POST /members/{discord_id}/record/{completion_id}/revoke", {"reason": "x"}),
    ("POST /trainings/{slug}/edit", {"title": "z", "level": "2"}),
    ("POST /trainings/{slug}/prerequisites", {"trainings": "from-a-page"}),
    ("POST /trainings/{slug}/instructors", {"member": COSMO_ID}),
    ("POST /trainings/{slug}/instructors/{discord_id}/remove", {}),
    ("POST /trainings/{slug}/classes", {"starts_at": "2099-01-01T00:00", **SLOT}),
    ("POST /calendar/{occurrence_id}/signup", {}),
    ("POST /calendar/{occurrence_id}/withdraw", {}),
    ("POST /calendar/{occurrence_id}/signups/{discord_id}/approve", {}),
    ("POST /calendar/{occurrence_id}/signups/{discord_id}/remove", {}),
    ("POST /calendar/{occurrence_id}/edit", {"starts_at": "2020-01-01T00:00", "status": "open", **SLOT}),
    ("POST /calendar/{occurrence_id}/report", {"member": COSMO_ID, f"status-{COSMO_ID}": "attended"}),
    ("POST /leaderboards/seasons -> slug", SEASON_FORM),
    ("POST /leaderboards/seasons/{slug}/close", {}),
]  # fmt: skip


def test_every_route_that_changes_something_is_tried() -> None:
    tried = {step.partition(" -> ")[0].replace("{own_id}", "{application_id}") for step, _ in STEPS}

    assert tried == {row for row in rows() if not row.startswith("GET ")}


async def test_each_leaves_exactly_one_row_and_the_event_that_it_is(
    people: People, community_owner: Connection
) -> None:
    told: dict[str, list[str]] = {}
    seen: set[UUID] = set()

    async def before(*_: object) -> None:
        await events_left(community_owner, seen)

    async def after(row: str, actions: list[str]) -> None:
        told[row] = await events_left(community_owner, seen)
        assert told[row] == events_of(actions), row

    left = await walk(people, community_owner, before, after)

    assert left == dict.fromkeys(left, 1)
    assert {row: types for row, types in told.items() if len(types) > 1} == {}
    every = {kind for types in told.values() for kind in types}
    assert every >= EVENT_TYPES.keys() - ELSEWHERE


async def walk(
    people: People, community_owner: Connection, before: Before, after: After | None = None
) -> dict[str, int]:
    """Take every step and return how many audit rows each left."""
    cosmo = await people.sign_in(COSMO_ID)
    admin = await people.sign_in(NOVA_ID, role="admin")
    known = {"discord_id": COSMO_ID, "role": "officer", "code": "veteran"}
    known |= {"slug": "x", "key": "kills"}
    left: dict[str, int] = {}
    for step, body in STEPS:
        row, _, name = step.partition(" -> ")
        for latest, query in LATEST.items():
            known[latest] = await community_owner.fetchval(query)
        if row.endswith("{application_id}/vote"):
            known["application_id"] = await someone_applies(cosmo, known["form_id"])
        if row.endswith(("/approval", "/approve")):
            await community_owner.execute("UPDATE occurrences SET needs_approval = true")
        if "/signups/{discord_id}" in row:
            await take(cosmo, "PUT /api/occurrences/{occurrence_id}/signup", {}, known)
        await people.audited()
        await before(admin, row, row.format(**known), filled(body, known))
        answer = await take(admin, row, body, known)
        assert answer.status_code < 400, (row, answer.text)
        actions = await people.audited()
        left[row] = len(actions)
        if after is not None:
            await after(row, actions)
        if name:
            known[name] = id_in(answer)
    return left


def filled(body: Any, known: dict[str, str]) -> Any:
    if body and body.get("form_id") == "FORM":
        return body | {"form_id": known["form_id"]}
    return body


def events_of(actions: list[str]) -> list[str]:
    """Return the events that the catalogue has for these actions; each must stand in it."""
    unknown = set(actions) - EVENT_TYPES.keys() - UNTOLD.keys()
    assert unknown == set(), "say in events/catalogue.py whether the outside is told of it"
    tests = [TEST for action in actions if action == "webhook.tested"]
    return [action for action in actions if action in EVENT_TYPES] + tests


async def events_left(owner: Connection, seen: set[UUID]) -> list[str]:
    """Return the events that were written since this was last asked, as names."""
    rows = await owner.fetch("SELECT id, type, data::text FROM events ORDER BY id")
    new = [row for row in rows if row["id"] not in seen]
    seen.update(row["id"] for row in rows)
    for row in new:
        if row["type"] != TEST:
            check_data(EVENT_TYPES[row["type"]], json.loads(row["data"]))
    return [row["type"] for row in new]


def check_data(kind: EventType, data: dict[str, Any]) -> None:
    """An event says exactly what the catalogue says, each thing written as it says."""
    assert data.keys() == kind.facts.keys()
    for name, fact in kind.facts.items():
        assert FORMS[fact.kind](data[name]), (kind.name, name, data[name])


def id_in(answer: Any) -> str:
    """Return the id of what was made: of a JSON answer, or of the page that a form leads to."""
    if answer.status_code == 303:
        return str(answer.headers["location"].partition("?")[0].rpartition("/")[2])
    made = answer.json()
    return str(made["id"] if "id" in made else made["change"]["id"])


async def someone_applies(cosmo: Browser, form: str) -> str:
    body = {"form_id": form, "answers": {"why": "x"}}
    return str((await cosmo.post("/api/applications", json=body)).json()["id"])


async def take(admin: Browser, row: str, body: Any, known: dict[str, str]) -> Any:
    method, path = row.split()
    address = path.format(**known)
    if path == "/profile/edit":
        tag = (await admin.get("/api/members/me")).headers["etag"].strip('"')
        return await admin.post(address, data=body | {"version": tag})
    if path.startswith("/webhooks"):
        return await admin.post(address, data=body)
    if " /api/" not in row:
        form = {field: value.format(**known) for field, value in body.items()}
        return await admin.post(address, data=form)
    return await admin.request(method, address, json=filled(body, known), headers={"If-Match": "*"})
