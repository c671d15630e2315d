"""What outlives the session that made it is made only by somebody who has just proved who sits there."""

import pytest

from backend.devtools.discord.seeds import NOVA_ID
from tests.community.test_api_keys import make_key
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.people import stale
from tests.fixtures.webhooks import make_webhook

URL = "https://bot.example.org/farout"
KEY = {"name": "bot", "scopes": ["members.read"], "expires_in_days": 30}
HOOK = {"url": URL, "event_types": ["*"]}
ROUTES = [
    ("POST", "/api/keys", KEY),
    ("POST", "/api/webhooks", HOOK),
    ("PATCH", "/api/webhooks/{hook}", {"url": f"{URL}/elsewhere"}),
    ("POST", "/api/webhooks/{hook}/secret", None),
    ("POST", "/api-keys", KEY),
    ("POST", "/webhooks", HOOK),
    ("POST", "/webhooks/{hook}", HOOK),
    ("POST", "/webhooks/{hook}/secret", {}),
]
LEFT = """
SELECT (SELECT count(*) FROM api_keys), (SELECT array_agg(url) FROM webhook_endpoints),
    (SELECT array_agg(secret) FROM webhook_endpoints)
"""


@pytest.mark.parametrize(("method", "route", "body"), ROUTES)
async def test_an_old_proof_makes_nothing(
    method: str, route: str, body: dict[str, object] | None,
    people: People, auth_owner: Connection, community_owner: Connection,
) -> None:  # fmt: skip
    admin = await people.sign_in(NOVA_ID, role="admin")
    path = route.format(hook=(await make_webhook(admin, URL))["id"])
    await people.audited()
    before = await community_owner.fetchrow(LEFT)
    await stale(auth_owner)
    is_page = not path.startswith("/api/")
    headers = {"accept": "text/html", "referer": f"{people.farout.auth.settings.public_url}{path}"}

    if is_page:
        answer = await admin.request(method, path, data=body, headers=headers)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/step-up?next=")
    else:
        answer = await admin.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")

    assert await community_owner.fetchrow(LEFT) == before
    assert await people.audited() == []


async def test_a_form_says_so_before_anything_is_typed(
    people: People, auth_owner: Connection
) -> None:
    admin = await people.sign_in(NOVA_ID, role="admin")
    hook = (await make_webhook(admin, URL))["id"]
    pages = ("/api-keys", "/webhooks", f"/webhooks/{hook}")
    fresh = [(await admin.get(page)).text for page in pages]
    await stale(auth_owner)
    old = [(await admin.get(page)).text for page in pages]

    assert not any("/step-up" in page for page in fresh)
    for page, text in zip(pages, old, strict=True):
        assert f'href="/step-up?next={page}"' in text


async def test_what_ends_them_needs_none(people: People, auth_owner: Connection) -> None:
    """Whoever finds a stranger's key or webhook takes it away at once."""
    admin = await people.sign_in(NOVA_ID, role="admin")
    hook, key = await make_webhook(admin, URL), await make_key(admin, "members.read")
    await stale(auth_owner)

    assert (await admin.delete(f"/api/webhooks/{hook['id']}")).status_code == 204
    assert (await admin.delete(f"/api/keys/{key['id']}")).status_code == 204
