"""API keys: scoped, hashed, expiring, attributable, and good for less than their owner."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


async def make_key(admin: Browser, *scopes: str, **fields: Any) -> dict[str, Any]:
    body = {"name": "Bot", "scopes": list(scopes)} | fields
    answer = await admin.post("/api/keys", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def program(farout: Farout, token: str) -> Browser:
    """A program with a key; it keeps no cookies and says nothing about where it runs."""
    browser = farout.browser()
    del browser.headers["Sec-Fetch-Site"]
    browser.headers["Authorization"] = f"Bearer {token}"
    return browser


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.asvs("10.3.2", "10.4.11")
async def test_a_key_does_what_its_scopes_say_and_nothing_else(
    admin: Browser, farout: Farout
) -> None:
    bot = program(farout, (await make_key(admin, "members.read"))["token"])

    assert (await bot.get("/api/members")).status_code == 200
    assert refusal(await bot.get("/api/posts")) == (403, "permission_required")
    assert refusal(await bot.get("/api/members?tag=vip")) == (403, "permission_required")
    for path in ("/api/keys", "/api/applications/mine"):
        assert refusal(await bot.get(path)) == (403, "person_required")
    for path in ("/api/members/me", "/auth/session", "/auth/users"):
        assert (await bot.get(path)).status_code == 401
    own = await bot.patch("/api/members/me", json={"bio": "x"}, headers={"If-Match": "*"})
    assert own.status_code == 401
    roles = await bot.put("/api/roles/member/permissions", json={"permissions": []})
    assert roles.status_code == 401


async def test_what_a_key_does_is_attributed_to_it_and_its_owner(
    admin: Browser, farout: Farout, people: People, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada")
    key = await make_key(admin, "members.promote")
    await people.audited()

    answer = await program(farout, key["token"]).post(
        "/api/members/900/rank-changes", json={"rank": "veteran", "reason": "By bot."}
    )

    assert answer.status_code == 201, answer.text
    row = await one_row(
        community_owner, "SELECT actor_uid::text, details->>'api_key' AS key FROM audit_log"
    )
    assert (row["actor_uid"], row["key"]) == (key["owner_uid"], key["id"])
    (listed,) = (await admin.get("/api/keys")).json()["items"]
    assert listed["last_used_at"] is not None


async def test_the_token_is_shown_once_and_kept_nowhere(
    admin: Browser, community_owner: Connection
) -> None:
    key = await make_key(admin, "members.read")
    secret = key["token"][-43:]

    rows = await community_owner.fetch("SELECT api_keys::text FROM api_keys")
    log = await community_owner.fetch("SELECT details::text FROM audit_log")
    assert secret not in str(rows) + str(log)
    assert "token" not in (await admin.get("/api/keys")).json()["items"][0]


async def test_revoking_is_felt_by_the_next_request(
    admin: Browser, farout: Farout, people: People
) -> None:
    key = await make_key(admin, "members.read")
    bot = program(farout, key["token"])
    assert (await bot.get("/api/members")).status_code == 200

    assert (await admin.delete(f"/api/keys/{key['id']}")).status_code == 204

    assert refusal(await bot.get("/api/members")) == (401, "api_key_invalid")
    assert refusal(await admin.delete(f"/api/keys/{key['id']}")) == (409, "api_key_revoked")
    assert await people.audited() == ["api_key.made", "api_key.revoked"]


@pytest.mark.asvs("7.2.2")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 s'",
        "UPDATE userbase SET is_active = false",
        "DELETE FROM userbase",
        "DELETE FROM api_keys",
    ],
)
async def test_a_key_ends_with_its_time_and_its_owner(
    admin: Browser, farout: Farout, community_owner: Connection, change: str
) -> None:
    bot = program(farout, (await make_key(admin, "members.read"))["token"])
    await community_owner.execute(change)

    assert refusal(await bot.get("/api/members")) == (401, "api_key_invalid")


async def test_a_key_can_do_no_more_than_its_owner_at_this_moment(
    admin: Browser, farout: Farout, people: People
) -> None:
    cosmo = await people.sign_in(COSMO_ID)
    await admin.patch(
        f"/api/members/{COSMO_ID}/access",
        json={"permissions": ["api_keys.manage", "items.issue"]},
    )
    beyond = await cosmo.post("/api/keys", json={"name": "x", "scopes": ["items.manage"]})
    assert refusal(beyond) == (403, "scope_not_yours")
    key = await make_key(cosmo, "items.issue", "members.read")
    bot = program(farout, key["token"])
    body = {"kind": "issued", "discord_id": "1", "quantity": 1}
    path = "/api/items/0198c0de-0000-7000-8000-000000000001/lendings"
    assert (await bot.post(path, json=body)).status_code == 404

    await admin.patch(f"/api/members/{COSMO_ID}/access", json={"permissions": []})

    assert refusal(await bot.post(path, json=body)) == (403, "permission_required")
    assert (await bot.get("/api/members")).status_code == 200


async def test_a_key_that_is_none_is_refused_even_beside_a_good_cookie(
    admin: Browser, farout: Farout
) -> None:
    token = (await make_key(admin, "members.read"))["token"]
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token + "x", "farout_key_", "x"):
        for browser in (admin, farout.browser()):
            answer = await browser.get("/api/members", headers={"Authorization": f"Bearer {wrong}"})
            assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["no.such"]},
        {"name": "x", "scopes": ["api_keys.manage"]},
        {"name": "", "scopes": ["members.read"]},
        {"name": "x", "scopes": ["members.read"], "expires_in_days": 0},
        {"name": "x", "scopes": ["members.read"], "expires_in_days": 10**9},
        {"name": "x", "scopes": ["members.read"], "token": "mine"},
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(
    admin: Browser, people: People, body: dict[str, Any]
) -> None:
    assert (await admin.post("/api/keys", json=body)).status_code == 422
    assert await people.audited() == []


async def test_what_a_key_asks_is_counted_even_if_it_is_refused(
    admin: Browser, farout: Farout
) -> None:
    key = await make_key(admin, "members.read")
    bot = program(farout, key["token"])
    await bot.get("/api/members")
    assert refusal(await bot.get("/api/posts")) == (403, "permission_required")
    assert (await bot.get("/api/members/0")).status_code == 404

    [day] = (await admin.get(f"/api/keys/{key['id']}/usage")).json()["items"]

    assert (day["day"], day["requests"], day["refused"]) == (f"{datetime.now(UTC):%F}", 3, 0)


async def test_a_key_that_asks_too_fast_waits_and_others_do_not(
    admin: Browser, farout: Farout, monkeypatch: pytest.MonkeyPatch, community_owner: Connection
) -> None:
    # Kept for the length of the test: only what has elapsed would make room for more.
    settings = farout.community.settings.model_copy(update={"api_key_requests_per_minute": 3})
    monkeypatch.setattr(farout.community, "settings", settings)
    key, other = await make_key(admin, "members.read"), await make_key(admin, "members.read")
    bot = program(farout, key["token"])

    answers = await asyncio.gather(*(bot.get("/api/members") for _ in range(8)))

    assert sorted(one.status_code for one in answers) == [200] * 3 + [429] * 5
    late = await bot.get("/api/members")
    assert refusal(late) == (429, "too_many_requests")
    assert 1 <= int(late.headers["retry-after"]) <= 20
    assert late.headers["ratelimit-policy"] == '"api-key";q=3;w=60'
    assert late.headers["ratelimit"].startswith('"api-key";r=0;t=')
    assert (await program(farout, other["token"]).get("/api/members")).status_code == 200
    [day] = (await admin.get(f"/api/keys/{key['id']}/usage")).json()["items"]
    assert (day["requests"], day["refused"]) == (3, 6)

    await community_owner.execute("UPDATE api_keys SET full_at = full_at - interval '1 minute'")
    assert (await bot.get("/api/members")).headers["ratelimit"].startswith('"api-key";r=2;')
