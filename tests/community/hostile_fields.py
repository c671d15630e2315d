"""Every text field of the community's routes: how to write to it, and where it is read again."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.application import Browser

SOMEBODY = "900"


@dataclass(frozen=True)
class Field:
    """One field; ``read`` finds in the answer what was kept."""

    name: str
    write: Callable[["Site", str], Awaitable[httpx2.Response]]
    read: Callable[[Any], str | None]


@dataclass
class Site:
    """A community with one thing of each kind, whose texts an admin may write."""

    admin: Browser
    paths: dict[str, str]

    async def send(self, method: str, path: str, body: dict[str, Any]) -> httpx2.Response:
        headers = {"If-Match": "*", "Content-Type": "application/json"}
        # Escaped, so that half a surrogate pair gets through.
        content = json.dumps(body)
        answer = await self.admin.request(method, path, content=content, headers=headers)
        if path.endswith("rank-changes") and answer.status_code == 201:
            undo = f"/api/rank-changes/{answer.json()['change']['id']}/undo"
            await self.admin.post(undo, json={"reason": "x"})
        if path.endswith("departure") and answer.status_code == 200:
            await self.admin.delete(path)
        return answer


async def build(admin: Browser) -> Site:
    async def made(path: str, body: dict[str, Any]) -> str:
        answer = await admin.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    item = await made("/api/items", {"name": "x"})
    await admin.post(f"/api/items/{item}/stock", json={"kind": "stocked", "quantity": 1000})
    questions = [{"key": "why", "label": "Why?"}]
    form = await made("/api/application-forms", {"title": "x", "questions": questions})
    hook = {"url": "https://bot.example.org/", "event_types": ["form.added"]}
    webhook = await made("/api/webhooks", hook)
    post = await made("/api/posts", {"title": "x", "body": "x", "publish_at": "2026-01-01T00:00Z"})
    award = await made("/api/awards", {"name": "x"})
    return Site(
        admin,
        {
            "item": f"/api/items/{item}",
            "form": f"/api/application-forms/{form}",
            "post": f"/api/posts/{post}",
            "award": f"/api/awards/{award}",
            "webhook": f"/api/webhooks/{webhook}",
            "applications": form,
        },
    )


def _field(
    name: str, method: str, path: str, body: dict[str, Any], key: str, *keys: str | int
) -> Field:
    async def write(site: Site, value: str) -> httpx2.Response:
        address = path.format(**site.paths)
        return await site.send(method, address, body | {key: value})

    def read(answer: Any) -> str | None:
        found = answer
        for one in keys or (key,):
            found = found[one]
        return None if found is None else str(found)

    return Field(name, write, read)


LENDING = {"kind": "issued", "discord_id": SOMEBODY, "quantity": 1}
FIELDS = (
    _field("own name", "PATCH", "/api/members/me", {}, "display_name"),
    _field("own bio", "PATCH", "/api/members/me", {}, "bio"),
    _field("rank name", "PATCH", "/api/ranks/veteran", {}, "name"),
    _field("rank description", "PATCH", "/api/ranks/veteran", {}, "description"),
    _field(
        "rank reason", "POST", f"/api/members/{SOMEBODY}/rank-changes", {"rank": "captain"},
        "reason", "change", "reason",
    ),
    _field("departure", "PUT", f"/api/members/{SOMEBODY}/departure", {}, "reason"),
    _field("post title", "PATCH", "{post}", {}, "title"),
    _field("post body", "PATCH", "{post}", {}, "body"),
    _field("item name", "PATCH", "{item}", {}, "name"),
    _field("item description", "PATCH", "{item}", {}, "description"),
    _field("item note", "POST", "{item}/lendings", LENDING, "note"),
    _field("award name", "PATCH", "{award}", {}, "name"),
    _field("award description", "PATCH", "{award}", {}, "description"),
    _field("form title", "PATCH", "{form}", {}, "title"),
    _field("form description", "PATCH", "{form}", {}, "description"),
    _field("key name", "POST", "/api/keys", {"scopes": ["members.read"]}, "name"),
    _field("webhook description", "PATCH", "{webhook}", {}, "description"),
    _field("plan tier", "PATCH", f"/api/members/{COSMO_ID}/access", {}, "plan_tier"),
    _field("rank code", "POST", "/api/ranks", {"name": "x"}, "code"),
)  # fmt: skip
