"""What the forms of officers and admins refuse, and what their pages keep from others."""

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.test_forms_of_pages import HTML, alert
from tests.fixtures.application import Browser
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection


@pytest.fixture
async def member(people: People) -> Browser:
    return await people.sign_in(COSMO_ID)


@pytest.fixture
async def admin(people: People, member: Browser) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.mark.parametrize(
    "path", ["/permissions/roles/officer", f"/members/{COSMO_ID}/access/grants"]
)
async def test_a_body_without_boxes_takes_nothing_from_anybody(
    admin: Browser, people: People, path: str
) -> None:
    before = (await admin.get("/api/roles/officer/permissions")).json()
    await people.audited()

    answer = await admin.post(path, data={"unrelated": "x"}, headers=HTML)

    assert answer.status_code == 422
    assert await people.audited() == []
    assert (await admin.get("/api/roles/officer/permissions")).json() == before


async def test_nobody_grants_to_himself_on_a_page(admin: Browser) -> None:
    path = f"/members/{NOVA_ID}/access"
    assert "Grant permissions, or take them back" not in (await admin.get(path)).text

    answer = await admin.post(f"{path}/grants", data={"boxes": "shown"}, headers=HTML)

    assert answer.status_code == 403
    assert alert(answer.text).startswith("You cannot change your own permissions")


async def test_a_flag_that_is_named_twice_is_refused(admin: Browser) -> None:
    twice = {"plan_tier": "free", "flag-0": "beta", "state-0": "on", "flag-1": "beta"}

    answer = await admin.post(f"/members/{COSMO_ID}/access/labels", data=twice, headers=HTML)

    assert (answer.status_code, alert(answer.text)) == (422, "Name each feature flag once.")


async def test_only_who_records_departures_reads_why_somebody_left(
    admin: Browser, member: Browser, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada Vale")
    left = await admin.post("/members/900/departure", data={"reason": "Quarrelled"})
    assert left.status_code == 303

    assert "Quarrelled" in (await admin.get("/members/900")).text
    assert "Quarrelled" in (await admin.get("/members?left=true")).text
    assert (await member.get("/members/900")).status_code == 404
    assert (await member.get("/members/900/record")).status_code == 404
    refused = await member.get("/members?left=true")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_required")
    own = await admin.post(f"/members/{COSMO_ID}/departure", data={"reason": "Quarrelled"})
    assert own.status_code == 303
    assert "Quarrelled" not in (await member.get("/profile")).text


@pytest.mark.parametrize("filters", ["tag=vip", "plan_tier=free", "flag=beta"])
async def test_what_the_community_says_of_accounts_is_not_searched_by_members(
    admin: Browser, member: Browser, filters: str
) -> None:
    assert (await admin.get(f"/members?{filters}")).status_code == 200
    refused = await member.get(f"/members?{filters}")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_required")


async def test_a_filter_that_cannot_be_says_so_and_finds_nobody(member: Browser) -> None:
    answer = await member.get("/members?joined_since=yesterday&search=Nova", headers=HTML)

    assert answer.status_code == 422
    assert alert(answer.text) == "The joined since is no date that there is."
    assert 'value="yesterday"' in answer.text
    assert 'value="Nova"' in answer.text


async def test_an_entry_is_revoked_on_the_page_of_whose_it_is_alone(
    admin: Browser, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada Vale")
    await admin.post("/api/missions", json={"slug": "x", "title": "x"})
    given = await admin.post("/api/completions", json={"member": "900", "mission": "x"})
    entry = given.json()["id"]

    elsewhere = f"/members/{COSMO_ID}/record/{entry}/revoke"
    answer = await admin.post(elsewhere, data={"reason": "A mistake"})

    assert (answer.status_code, answer.json()["code"]) == (404, "completion_not_found")
    assert (await admin.get(f"/api/completions/{entry}")).json()["revocation"] is None


async def test_a_revoked_entry_is_shown_to_its_member_and_not_to_others(
    admin: Browser, member: Browser, people: People
) -> None:
    await admin.post("/api/missions", json={"slug": "x", "title": "Iron Dawn"})
    given = await admin.post("/api/completions", json={"member": COSMO_ID, "mission": "x"})
    path = f"/members/{COSMO_ID}/record"
    await admin.post(f"{path}/{given.json()['id']}/revoke", data={"reason": "Was not there"})

    assert "Was not there" in (await member.get(path)).text
    lyra = await people.sign_in("602098014612279013")
    page = await lyra.get(path)
    assert page.status_code == 200
    assert "Was not there" not in page.text


async def test_a_post_that_was_read_becomes_no_draft_again(admin: Browser, people: People) -> None:
    sent = {"title": "x", "body": "x", "when": "now"}
    made = await admin.post("/posts", data=sent)
    path = made.headers["location"].partition("?")[0]
    await people.audited()

    refused = await admin.post(f"{path}/edit", data=sent | {"when": "draft"}, headers=HTML)

    assert refused.status_code == 409
    assert alert(refused.text).startswith("This post was published")
    assert (await admin.post(f"{path}/delete", headers=HTML)).status_code == 409
    assert await people.audited() == []


async def test_a_preview_keeps_nothing(admin: Browser, people: People) -> None:
    await people.audited()
    typed = {"title": "x", "body": "**y** [z](javascript:alert(1))", "when": "now", "do": "preview"}

    answer = await admin.post("/posts", data=typed, headers=HTML)

    assert answer.status_code == 200
    assert "<strong>y</strong>" in answer.text
    assert 'href="javascript' not in answer.text
    assert (await admin.get("/api/posts/all")).json()["items"] == []
    assert await people.audited() == []
