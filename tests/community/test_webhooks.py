"""Webhooks as people manage them: over HTTP, and on pages."""

import asyncio
import re
from typing import Any

import pytest

from backend.community.events.catalogue import EVENT_TYPES
from backend.community.webhooks.schemas import MOST_WEBHOOKS
from backend.community.webhooks.signing import unseal
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.key_ring import KeyRing
from tests.community.test_api_keys import make_key, program
from tests.fixtures.application import KEY, Browser, Farout
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.webhooks import make_webhook

URL = "https://bot.example.org/farout?token=hush"


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


async def test_the_secret_is_shown_once_and_kept_encrypted(
    admin: Browser, community_owner: Connection
) -> None:
    hook = await make_webhook(admin, URL)

    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", hook["secret"])
    for path in ("/api/webhooks", f"/api/webhooks/{hook['id']}", f"/webhooks/{hook['id']}"):
        assert hook["secret"] not in (await admin.get(path)).text
    row = await community_owner.fetchrow("SELECT id, secret FROM webhook_endpoints")
    log = await community_owner.fetch("SELECT details::text FROM audit_log")
    assert row is not None
    assert hook["secret"].encode() not in row["secret"]
    assert unseal(KeyRing.parse(KEY), row["id"], row["secret"]) == hook["secret"]
    # What stands in an address may be a secret, too.
    assert "hush" not in str(log)
    assert "bot.example.org" in str(log)


async def test_a_webhook_is_changed_in_part_and_the_rest_stays(
    admin: Browser, people: People
) -> None:
    hook = await make_webhook(admin, URL, "form.added", "item.added", "item.added")
    assert hook["event_types"] == ["form.added", "item.added"]
    path = f"/api/webhooks/{hook['id']}"
    await people.audited()

    changed = (await admin.patch(path, json={"description": "Bot", "enabled": False})).json()
    again = (await admin.patch(path, json={"description": "Bot", "enabled": False})).json()

    assert changed == again
    assert (changed["url"], changed["description"]) == (URL, "Bot")
    assert (changed["enabled"], changed["disabled_because"]) == (False, "by_hand")
    assert await people.audited() == ["webhook.changed"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"event_types": ["*"]}, "invalid_request"),
        ({"url": "", "event_types": ["*"]}, "invalid_request"),
        ({"url": URL, "event_types": []}, "invalid_request"),
        ({"url": URL, "event_types": ["no.such"]}, "invalid_request"),
        ({"url": URL, "event_types": ["webhook.test"]}, "invalid_request"),
        ({"url": URL, "event_types": ["application.voted"]}, "invalid_request"),
        ({"url": URL, "event_types": ["*"], "description": "a\nb"}, "invalid_request"),
        ({"url": URL, "event_types": ["*"], "description": "x" * 121}, "invalid_request"),
        ({"url": URL, "event_types": ["*"], "secret": "mine"}, "invalid_request"),
        ({"url": "https://169.254.169.254/", "event_types": ["*"]}, "webhook_url_refused"),
        ({"url": "https://user:pw@bot.example.org/", "event_types": ["*"]}, "webhook_url_refused"),
    ],
)
async def test_a_webhook_that_makes_no_sense_is_not_made(
    admin: Browser, people: People, body: dict[str, Any], code: str
) -> None:
    answer = await admin.post("/api/webhooks", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "hush" not in answer.text
    assert "169.254" not in answer.text
    assert await people.audited() == []


async def test_a_change_to_a_bad_address_changes_nothing(admin: Browser) -> None:
    hook = await make_webhook(admin, URL)
    path = f"/api/webhooks/{hook['id']}"

    answer = await admin.patch(path, json={"description": "x", "url": "https://10.0.0.1/"})

    assert answer.status_code == 422
    assert (await admin.get(path)).json()["description"] == ""


async def test_there_is_an_end_to_them(admin: Browser, people: People) -> None:
    for _ in range(MOST_WEBHOOKS - 1):
        await make_webhook(admin, URL)
    body = {"url": URL, "event_types": ["*"]}

    answers = await asyncio.gather(*(admin.post("/api/webhooks", json=body) for _ in range(3)))

    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    page = (await admin.get("/api/webhooks?limit=30")).json()
    rest = (await admin.get(f"/api/webhooks?limit=30&cursor={page['next_cursor']}")).json()
    assert len({one["id"] for one in page["items"] + rest["items"]}) == MOST_WEBHOOKS
    assert rest["next_cursor"] is None


async def test_no_key_manages_webhooks(admin: Browser, farout: Farout, people: People) -> None:
    beyond = await admin.post("/api/keys", json={"name": "x", "scopes": ["webhooks.manage"]})
    assert beyond.status_code == 422
    bot = program(farout, (await make_key(admin, "members.read"))["token"])
    answer = await bot.get("/api/webhooks")
    assert answer.json()["code"] == "person_required"


async def test_who_was_granted_the_permission_manages_them(admin: Browser, people: People) -> None:
    cosmo = await people.sign_in(COSMO_ID)
    assert (await cosmo.get("/webhooks")).status_code == 403
    grant = {"permissions": ["webhooks.manage"]}
    await admin.patch(f"/api/members/{COSMO_ID}/access", json=grant)

    assert (await make_webhook(cosmo, URL))["enabled"] is True
    assert "bot.example.org" in (await cosmo.get("/webhooks")).text


async def test_without_keys_none_is_made_and_everybody_is_told_why(
    admin: Browser, farout: Farout, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = farout.community.settings.model_copy(
        update={"community_keys": type(farout.community.settings.community_keys)("")}
    )
    monkeypatch.setattr(farout.community, "settings", settings)

    answer = await admin.post("/api/webhooks", json={"url": URL, "event_types": ["*"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "webhooks_not_set_up")
    assert "COMMUNITY_KEYS" in (await admin.get("/webhooks")).text


async def test_the_catalogue_is_told_over_http(admin: Browser) -> None:
    items = (await admin.get("/api/webhooks/event-types")).json()["items"]

    assert [one["name"] for one in items] == list(EVENT_TYPES)
    promoted = next(one for one in items if one["name"] == "member.rank_changed")
    assert promoted["data"]["member"] == "the member's Discord id, as text"


async def test_on_the_pages_a_webhook_is_made_changed_tested_and_deleted(
    admin: Browser, people: People
) -> None:
    form = {"url": "https://bot.example.org/a", "event_types": ["item.added", "form.added"]}
    made = await admin.post("/webhooks", data=form)
    assert made.status_code == 200
    assert re.search(r"whsec_[A-Za-z0-9+/]{43}=", made.text)
    assert made.headers["cache-control"] == "no-store"
    [hook] = (await admin.get("/api/webhooks")).json()["items"]
    page = f"/webhooks/{hook['id']}"

    await admin.post(page, data=form | {"description": "<b>x</b>", "enabled": "true"})
    assert "&lt;b&gt;x&lt;/b&gt;" in (await admin.get(page)).text
    assert (await admin.post(f"{page}/test")).headers["location"] == f"{page}?done=tested"
    shown = await admin.get(f"{page}?done=tested")
    assert "A test is on its way" in shown.text
    [link] = re.findall(rf'href="({page}/deliveries/[^"]+)"', shown.text)
    assert "webhook.test" in (await admin.get(link)).text
    rotated = await admin.post(f"{page}/secret")
    assert "New secret" in rotated.text
    deleted = await admin.post(f"{page}/delete")
    assert deleted.headers["location"] == "/webhooks?done=deleted"
    assert (await admin.get(page)).status_code == 404


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"url": "https://127.0.0.1/"}, "not one of the public internet"),
        ({"url": "https://bot.example.org/", "event_types": []}, "must hold one at least"),
        ({"url": ""}, "The address must not be empty"),
    ],
)
async def test_a_form_that_is_wrong_comes_back_as_it_was_filled_in(
    admin: Browser, farout: Farout, monkeypatch: pytest.MonkeyPatch, form: dict[str, Any],
    complaint: str,
) -> None:  # fmt: skip
    settings = farout.community.settings.model_copy(update={"webhook_allowed_networks": ()})
    monkeypatch.setattr(farout.community, "settings", settings)
    filled = {"event_types": ["item.added"], "description": "My bot"} | form

    answer = await admin.post("/webhooks", data=filled)

    assert answer.status_code == 422
    assert complaint in answer.text
    assert 'value="My bot"' in answer.text
    assert (await admin.get("/api/webhooks")).json()["items"] == []
