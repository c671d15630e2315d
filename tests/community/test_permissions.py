"""Who may do what: by role, by a grant of their own, and nobody by himself."""

from typing import Any

import pytest

from backend.community.access.permissions import DESCRIPTIONS, Permission
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, one_row
from tests.fixtures.community import People
from tests.fixtures.databases import Connection

COSMOS_ACCESS = f"/api/members/{COSMO_ID}/access"


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.fixture
async def cosmo(people: People) -> Browser:
    return await people.sign_in(COSMO_ID)


async def permissions_of(browser: Browser) -> list[str]:
    return list((await browser.get("/api/members/me")).json()["permissions"])


async def test_every_permission_is_described_and_admins_begin_with_all(admin: Browser) -> None:
    listed = (await admin.get("/api/permissions")).json()["items"]

    assert {one["name"] for one in listed} == {*Permission} == {*DESCRIPTIONS}
    assert [one["name"] for one in listed if "admin" not in one["roles"]] == []


async def test_taking_a_permission_from_a_role_is_felt_by_the_next_request(
    admin: Browser, cosmo: Browser, people: People
) -> None:
    assert (await cosmo.get("/api/members")).status_code == 200

    answer = await admin.put("/api/roles/member/permissions", json={"permissions": ["posts.read"]})

    assert answer.json() == {"role": "member", "permissions": ["posts.read"]}
    refused = await cosmo.get("/api/members")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_required")
    assert "members.read" in refused.json()["detail"]
    assert await people.audited() == ["role.permissions_changed"]


async def test_an_admin_who_took_everything_from_admins_can_give_it_back(admin: Browser) -> None:
    await admin.put("/api/roles/admin/permissions", json={"permissions": []})
    assert (await admin.get("/api/permissions")).status_code == 403

    answer = await admin.put("/api/roles/admin/permissions", json={"permissions": ["access.read"]})

    assert answer.status_code == 200
    assert (await admin.get("/api/permissions")).status_code == 200


async def test_a_grant_of_ones_own_counts_beside_the_role(
    admin: Browser, cosmo: Browser, people: People
) -> None:
    assert "items.issue" not in await permissions_of(cosmo)

    answer = await admin.patch(COSMOS_ACCESS, json={"permissions": ["items.issue", "items.issue"]})

    assert answer.json()["permissions"] == ["items.issue"]
    assert {"items.issue", "members.read"} <= set(await permissions_of(cosmo))
    assert await people.audited() == ["member.access_changed"]
    await admin.patch(COSMOS_ACCESS, json={"permissions": []})
    assert "items.issue" not in await permissions_of(cosmo)


async def test_says_who_may_do_something_and_why(admin: Browser, cosmo: Browser) -> None:
    await admin.patch(COSMOS_ACCESS, json={"permissions": ["members.promote"]})

    answer = (await admin.get("/api/permissions/members.promote")).json()

    assert answer["roles"] == ["officer", "admin"]
    assert {one["discord_id"]: one["why"] for one in answer["items"]} == {
        NOVA_ID: ["role admin"],
        COSMO_ID: ["granted"],
    }
    assert (await admin.get("/api/permissions/no.such")).json()["code"] == "permission_not_found"


async def test_lists_holders_page_by_page_and_leaves_out_the_deactivated(
    admin: Browser, people: People
) -> None:
    await people.owner.execute(
        "INSERT INTO userbase (user_id, uid, discord_id, username, role, is_active, version)"
        " SELECT 1000000000 + n, uuidv7(), n::text, 'u' || n, 'officer', n % 5 <> 0, n"
        " FROM generate_series(1, 25) n"
    )
    path, found, cursor = "/api/permissions/items.issue", [], ""
    while cursor is not None:
        query: dict[str, Any] = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get(path, params=query)).json()
        found += [one["username"] for one in page["items"]]
        cursor = page["next_cursor"]

    assert found[1:] == [f"u{number}" for number in range(1, 26) if number % 5]


async def test_a_cursor_is_good_for_its_own_list_alone(admin: Browser, cosmo: Browser) -> None:
    page = (await admin.get("/api/permissions/members.read", params={"limit": 1})).json()
    cursor = page["next_cursor"]

    elsewhere = await admin.get("/api/permissions/posts.read", params={"cursor": cursor})
    changed = await admin.get(
        "/api/permissions/members.read", params={"cursor": cursor[:-2] + "AA"}
    )

    for answer in (elsewhere, changed):
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_tags_plan_and_flags_are_shown_to_their_owner_who_cannot_change_them(
    admin: Browser, cosmo: Browser, community_owner: Connection
) -> None:
    wanted = {"tags": ["vip", "beta"], "plan_tier": "gold", "feature_flags": {"maps": True}}
    await admin.patch(COSMOS_ACCESS, json=wanted)

    own = (await cosmo.get("/api/members/me")).json()
    assert (own["tags"], own["plan_tier"], own["feature_flags"]) == (
        ["beta", "vip"], "gold", {"maps": True},
    )  # fmt: skip

    assert (await cosmo.patch(COSMOS_ACCESS, json={"tags": []})).status_code == 403
    assert (await cosmo.get(COSMOS_ACCESS)).status_code == 403
    for name, value in wanted.items():
        answer = await cosmo.patch(
            "/api/members/me", json={"bio": "x", name: value}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 422
    row = await one_row(
        community_owner, "SELECT tags, plan_tier FROM userbase WHERE discord_id = $1", COSMO_ID
    )
    assert tuple(row) == (["beta", "vip"], "gold")


async def test_nobody_grants_a_permission_to_himself(admin: Browser, people: People) -> None:
    answer = await admin.patch(
        f"/api/members/{NOVA_ID}/access", json={"permissions": ["items.issue"]}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cannot_grant_to_yourself")
    assert await people.audited() == []


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tags": None},
        {"tags": ["Two Words"]},
        {"tags": ["x" * 33]},
        {"tags": ["nul\0"]},
        {"tags": "vip"},
        {"tags": [f"t{number}" for number in range(51)]},
        {"permissions": ["no.such"]},
        {"permissions": [["members.read"]]},
        {"plan_tier": ""},
        {"plan_tier": "gold\n"},
        {"feature_flags": {"maps": "yes"}},
        {"feature_flags": {"Maps ": True}},
        {"role": "admin"},
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    admin: Browser, cosmo: Browser, people: People, change: dict[str, object]
) -> None:
    answer = await admin.patch(COSMOS_ACCESS, json=change)

    assert answer.status_code == 422
    assert await people.audited() == []


async def test_a_caller_whom_the_mirror_does_not_know_has_what_the_role_may(
    cosmo: Browser, community_owner: Connection
) -> None:
    await community_owner.execute("DELETE FROM userbase")

    own = (await cosmo.get("/api/members/me")).json()

    assert "members.read" in own["permissions"]
    assert (own["plan_tier"], own["tags"], own["feature_flags"]) == ("free", [], {})


async def test_a_member_without_an_account_has_nothing_to_grant(
    admin: Browser, community_owner: Connection
) -> None:
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name) VALUES ('5', 'x')"
    )

    for discord_id, code in (("5", "member_has_no_account"), ("6", "member_not_found")):
        answer = await admin.patch(f"/api/members/{discord_id}/access", json={"tags": ["x"]})
        assert answer.json()["code"] == code
