"""Every text that the community's routes take: how to write it, and where it is read again."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2

from backend.devtools.discord.seeds import COSMO_ID
from tests.community.request_schemas import Leaf, Way, body_leaves, put
from tests.fixtures.application import Browser
from tests.fixtures.databases import Connection

SOMEBODY = "900"


@dataclass
class Site:
    """A community with one thing of each kind, whose texts an admin may write."""

    admin: Browser
    cosmo: Browser
    owner: Connection
    known: dict[str, str] = field(default_factory=dict)

    async def made(self, path: str, body: dict[str, Any], by: Browser | None = None) -> Any:
        answer = await (by or self.admin).post(path, json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json()

    async def id_of(self, path: str, body: dict[str, Any]) -> str:
        return str((await self.made(path, body))["id"])


Step = Callable[[Site], Awaitable[None]]
_NUMBERS = count()
FRESH = "FRESH"


@dataclass(frozen=True)
class Row:
    """One route: a body that it takes, what has to be there first, and how to take back what it did."""

    body: dict[str, Any] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    prepare: Step | None = None
    undo: Step | None = None
    # Where the answer holds what was written, and what it calls it there.
    within: Way = ()
    called: dict[str, str] = field(default_factory=dict)


def _sql(statement: str) -> Step:
    async def run(site: Site) -> None:
        await site.owner.execute(statement)

    return run


async def _promote(site: Site) -> None:
    path = f"/api/members/{SOMEBODY}/rank-changes"
    made = await site.made(path, {"rank": "captain", "reason": "x"})
    site.known["change_id"] = made["change"]["id"]


async def _grant(site: Site) -> None:
    await _FORGET_GRANTS(site)
    body = {"discord_ids": [COSMO_ID], "reason": "x"}
    await site.made(f"/api/awards/{site.known['award_id']}/grants", body)
    site.known["grant_id"] = await site.owner.fetchval("SELECT id::text FROM award_grants")


async def _apply(site: Site) -> None:
    await _FORGET_APPLICATIONS(site)
    body = {"form_id": site.known["form_id"], "answers": {"why": "x"}}
    site.known["application_id"] = (await site.made("/api/applications", body, site.cosmo))["id"]


async def _award(site: Site) -> None:
    await _FORGET_RECORD(site)
    body = {"member": COSMO_ID, "mission": "m"}
    site.known["completion_id"] = await site.id_of("/api/completions", body)


_FORGET_CAREER = _sql("DELETE FROM rank_changes; UPDATE members SET rank = 'member'")
_FORGET_GRANTS = _sql("DELETE FROM award_grants")
_FORGET_APPLICATIONS = _sql(
    "DELETE FROM application_votes; DELETE FROM application_messages; DELETE FROM applications"
)
_FORGET_RECORD = _sql(
    "UPDATE attendance SET completion_id = NULL; DELETE FROM completion_revocations;"
    " DELETE FROM completions"
)
_ANYBODY, _SOMEBODY = {"discord_id": COSMO_ID}, {"discord_id": SOMEBODY}
_DATE = {"starts_at": "2099-01-01T00:00:00Z", "slots": [{"name": "pilot", "capacity": 1}]}
_HOOK = {"url": "https://bot.example.org/", "event_types": ["form.added"]}
_LENDING = {"kind": "issued", "discord_id": SOMEBODY, "quantity": 1}
_NOTED = {"member": COSMO_ID, "mission": "m"}
_QUESTION = {"key": "why", "label": "Why?"}
_RULED = {"name": "x", "rule": {"missions": ["m"], "trainings": []}}
_SEASON = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-02-01T00:00:00Z"}
ROWS: dict[str, Row] = {
    "PATCH /api/members/me": Row(),
    "PUT /api/members/{discord_id}/departure": Row(
        address=_SOMEBODY, undo=_sql("DELETE FROM departures")
    ),
    "PATCH /api/members/{discord_id}/access": Row(address=_ANYBODY),
    "POST /api/ranks": Row({"code": FRESH, "name": "x"}),
    "PUT /api/ranks/order": Row(),
    "PATCH /api/ranks/{code}": Row(address={"code": "veteran"}),
    "POST /api/members/{discord_id}/rank-changes": Row(
        {"rank": "captain", "reason": "x"}, _SOMEBODY, undo=_FORGET_CAREER, within=("change",)
    ),
    "POST /api/rank-changes/{change_id}/undo": Row(
        prepare=_promote, undo=_FORGET_CAREER, within=("change",),
        called={"reason": "undo_reason"},
    ),
    "POST /api/posts": Row({"title": "x", "body": "x"}),
    "PATCH /api/posts/{post_id}": Row(),
    "POST /api/items": Row({"name": FRESH}, undo=_sql("DELETE FROM items WHERE stock = 0")),
    "PATCH /api/items/{item_id}": Row(),
    "POST /api/items/{item_id}/stock": Row({"kind": "stocked", "quantity": 1}),
    "POST /api/items/{item_id}/lendings": Row(_LENDING),
    "POST /api/awards": Row(_RULED | {"name": FRESH}),
    "PATCH /api/awards/{award_id}": Row(_RULED),
    "POST /api/awards/{award_id}/grants": Row(
        {"discord_ids": [COSMO_ID], "reason": "x"}, prepare=_FORGET_GRANTS
    ),
    "POST /api/award-grants/{grant_id}/withdraw": Row(prepare=_grant),
    "POST /api/application-forms": Row(
        {"title": FRESH, "questions": [_QUESTION | {"options": ["x"]}]}
    ),
    "PATCH /api/application-forms/{form_id}": Row(
        {"questions": [_QUESTION]}, address={"form_id": "spare_form_id"}
    ),
    "POST /api/applications/{application_id}/decision": Row(
        {"decision": "rejected", "reason": "x"}, prepare=_apply, undo=_apply,
        called={"reason": "decision_reason"},
    ),
    "POST /api/applications/{application_id}/messages": Row(),
    "PUT /api/applications/{application_id}/vote": Row({"vote": "for"}, within=("items", 0)),
    "POST /api/missions": Row({"slug": FRESH, "title": "x"}),
    "PATCH /api/missions/{slug}": Row(address={"slug": "m"}),
    "POST /api/trainings": Row({"slug": FRESH, "title": "x"}),
    "PATCH /api/trainings/{slug}": Row(address={"slug": "t"}),
    "PUT /api/trainings/{slug}/prerequisites": Row(address={"slug": "t"}),
    "POST /api/completions": Row(_NOTED, prepare=_FORGET_RECORD),
    "POST /api/completions/bulk": Row(
        {"members": [COSMO_ID], "mission": "m"}, prepare=_FORGET_RECORD
    ),
    "POST /api/completions/{completion_id}/revoke": Row(prepare=_award, within=("revocation",)),
    "POST /api/missions/{slug}/occurrences": Row(_DATE, {"slug": "m"}),
    "POST /api/trainings/{slug}/classes": Row(_DATE, {"slug": "t"}),
    # What a change does not name stays, so only the first slot of all is the one that was written.
    "PATCH /api/occurrences/{occurrence_id}": Row(
        _DATE, {"occurrence_id": "future_id"},
        prepare=_sql("DELETE FROM signups; DELETE FROM occurrence_slots"),
    ),
    "PUT /api/occurrences/{occurrence_id}/signup": Row({}, {"occurrence_id": "future_id"}),
    "PUT /api/occurrences/{occurrence_id}/report": Row(
        {"people": [{"member": COSMO_ID}]}, {"occurrence_id": "past_id"}
    ),
    "POST /api/counters": Row({"key": "FRESH", "title": "x"}, undo=_sql("DELETE FROM counters")),
    "POST /api/seasons": Row(_SEASON | {"slug": FRESH, "title": "x"}),
    "POST /api/keys": Row({"name": "x", "scopes": ["members.read"]}),
    "POST /api/webhooks": Row(
        _HOOK, undo=_sql(
            "DELETE FROM webhook_endpoints WHERE id <> (SELECT min(id::text)::uuid"
            " FROM webhook_endpoints)"
        ),
    ),
    "PATCH /api/webhooks/{webhook_id}": Row(),
}  # fmt: skip
# What these answer is what was done, not what was said; they say it elsewhere.
UNSEEN = {
    "POST /api/awards/{award_id}/grants reason", "POST /api/completions/bulk note",
    "POST /api/completions/bulk role", "POST /api/award-grants/{grant_id}/withdraw reason",
    "POST /api/completions/bulk members.0",
    # Shown in the one way of writing an address.
    "POST /api/webhooks url", "PATCH /api/webhooks/{webhook_id} url",
}  # fmt: skip
FIELDS = [leaf for leaf in body_leaves() if leaf.is_text]


async def build(admin: Browser, cosmo: Browser, owner: Connection) -> Site:
    site = Site(admin, cosmo, owner)
    await site.made("/api/missions", {"slug": "m", "title": "x"})
    await site.made("/api/trainings", {"slug": "t", "title": "x"})
    item = await site.id_of("/api/items", {"name": "x"})
    await site.made(f"/api/items/{item}/stock", {"kind": "stocked", "quantity": 1000})
    form = {"title": "x", "questions": [_QUESTION], "reapply_after_days": 0}
    post = {"title": "x", "body": "x", "publish_at": "2026-01-01T00:00Z"}
    past = _DATE | {"starts_at": "2020-01-01T00:00:00Z"}
    site.known |= {
        "item_id": item,
        "form_id": await site.id_of("/api/application-forms", form),
        "spare_form_id": await site.id_of("/api/application-forms", form),
        "post_id": await site.id_of("/api/posts", post),
        "award_id": await site.id_of("/api/awards", {"name": "x"}),
        "webhook_id": await site.id_of("/api/webhooks", _HOOK),
        "future_id": await site.id_of("/api/missions/m/occurrences", _DATE),
        "past_id": await site.id_of("/api/missions/m/occurrences", past),
    }
    await _apply(site)
    return site


async def write(site: Site, leaf: Leaf, value: str) -> httpx2.Response:
    """Write a value into one place of a body that is right but for it."""
    row = ROWS[leaf.row]
    if row.prepare is not None:
        await row.prepare(site)
    method, path = leaf.row.split()
    chosen = {name: site.known.get(one, one) for name, one in row.address.items()}
    fresh = json.loads(json.dumps(row.body).replace(FRESH, f"f{next(_NUMBERS)}"))
    # Escaped, so that half a surrogate pair gets through.
    content = json.dumps(put(fresh, leaf.way, value))
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    answer = await site.admin.request(
        method, path.format(**(site.known | chosen)), content=content, headers=headers
    )
    if row.undo is not None:
        await row.undo(site)
    return answer


def kept(leaf: Leaf, answer: Any) -> str | None:
    """Return what the answer says was kept."""
    row = ROWS[leaf.row]
    for one in (*row.within, *(row.called.get(str(step), step) for step in leaf.way)):
        answer = answer[one]
    return None if answer is None else str(answer)
