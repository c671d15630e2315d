"""The directory: everybody who is here, found by what they are and have done, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.community.members import directory
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection

MISSION = "0198c0de-0000-7000-8000-000000000009"
PATH = "/api/members"


async def names(browser: Browser, **query: Any) -> list[str]:
    """Return the names that the filters leave, all pages of them."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await browser.get(PATH, params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found += [member["display_name"] for member in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    return found


@pytest.fixture
async def officer(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="officer", rank="captain")


@pytest.fixture
async def member(people: People) -> Browser:
    return await people.sign_in(COSMO_ID)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("star", ["Anna Starling", "Ostara"]),
        ("STAR", ["Anna Starling", "Ostara"]),
        ("os", ["Ostara"]),
        ("%", []),
        ("50%", ["50% off"]),
        ("a_b", ["a_b"]),
        ("Ölaf", ["Ölaf"]),
        ("ÖLA", ["Ölaf"]),
        ("' OR 1=1 --", []),
        ("\\", []),
    ],
)
async def test_finds_part_of_a_name_whatever_its_case(
    member: Browser, community_owner: Connection, search: str, found: list[str]
) -> None:
    for number, name in enumerate(("Anna Starling", "Ostara", "50% off", "a_b", "axb", "Ölaf")):
        await add_member(community_owner, 900 + number, name)

    assert sorted(await names(member, search=search)) == sorted(found)


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_search_is_sorted_from_the_found_letters_on_and_shows_everybody_once(
    member: Browser, community_owner: Connection, limit: int
) -> None:
    called = ("Ostara", "Anna Star", "Star Starling", "Tobias", "Bea Star", "Starling")
    for number, name in enumerate(called):
        await add_member(community_owner, 900 + number, name)
    found = ["Anna Star", "Bea Star", "Star Starling", "Ostara", "Starling"]

    assert await names(member, search="star", limit=limit) == found
    assert await names(member, search="star", sort="-name", limit=limit) == found[::-1]
    assert await names(member, search="starl", limit=limit) == ["Star Starling", "Starling"]
    assert await names(member, search="tarling a", limit=limit) == []


async def test_what_many_are_called_is_found_in_every_order(
    member: Browser, community_owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "_MOST_SORTED", 2)
    for number, name in enumerate(("Zora B", "Azora", "Nobody", "Zora A", "Zoë")):
        joined = datetime(2026, 1, 1 + number, tzinfo=UTC)
        await add_member(community_owner, 900 + number, name, created_at=joined)

    assert await names(member, search="zora", sort="joined", limit=1) == [
        "Zora B", "Azora", "Zora A",
    ]  # fmt: skip
    assert await names(member, search="zora", sort="rank", limit=1) == ["Azora", "Zora A", "Zora B"]
    assert await names(member, search="nobo", sort="-joined") == ["Nobody"]
    assert await names(member, search="zo", sort="-joined", limit=1) == ["Zoë", "Zora A", "Zora B"]
    assert await names(member, search="zo", sort="-rank") == ["Zora A", "Zora B", "Zoë"]


async def test_a_long_name_in_any_script_can_end_a_page(
    member: Browser, community_owner: Connection
) -> None:
    for number in range(2):
        await add_member(community_owner, 900 + number, "\U0001f680" * 99 + str(number))

    assert len(await names(member, search="\U0001f680" * 3, limit=1)) == 2


async def test_filters_by_rank_record_and_time(
    member: Browser, community_owner: Connection
) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    await community_owner.execute(
        "INSERT INTO missions (id, slug, title) VALUES ($1, 'iron-dawn', 'Iron Dawn')", MISSION
    )
    entry = f'[{{"v": 1, "mission_id": "{MISSION}", "slug": "iron-dawn", "title": "Iron Dawn"}}]'
    await add_member(
        community_owner, 901, "Did it", missions_completed=entry, rank="veteran",
        stats='{"v": 1, "last": {"active_at": "2026-05-01T19:30:00Z"}}',
    )  # fmt: skip
    await add_member(community_owner, 902, "Did not", created_at=datetime(2020, 5, 1, tzinfo=UTC))
    for number, (name, result, expires) in enumerate(
        (
            ("Valid", "pass", "null"), ("Waived", "waived", '"2999-01-01"'),
            ("Failed", "fail", "null"), ("Expired", "pass", f'"{yesterday}"'),
        )
    ):  # fmt: skip
        training = f'[{{"v": 1, "slug": "medic-1", "result": "{result}", "expires_at": {expires}}}]'
        await add_member(community_owner, 910 + number, name, trainings_completed=training)

    assert await names(member, mission=MISSION) == ["Did it"]
    assert await names(member, mission="iron-dawn") == ["Did it"]
    assert await names(member, mission="iron-dusk") == []
    assert await names(member, training="medic-1") == ["Valid", "Waived"]
    assert await names(member, rank="veteran") == ["Did it"]
    assert await names(member, rank="veteran", training="medic-1") == []
    assert await names(member, active_since="2026-05-01") == ["Did it"]
    assert await names(member, active_since="2026-05-02") == []
    assert await names(member, joined_until="2020-05-01") == ["Did not"]
    assert await names(member, joined_since="2020-05-02", joined_until="2020-05-03") == []


async def test_filters_by_what_admins_say_of_an_account(
    officer: Browser, member: Browser, community_owner: Connection
) -> None:
    await community_owner.execute(
        "UPDATE userbase SET tags = '{vip}', plan_tier = 'gold', feature_flags = '{\"maps\": true}'"
        " WHERE discord_id = $1", COSMO_ID,
    )  # fmt: skip
    cosmo = ["Cosmo Lindqvist"]

    assert await names(officer, role="member") == cosmo == await names(member, role="member")
    for query, other in (
        ({"tag": "vip"}, "x"),
        ({"plan_tier": "gold"}, "x"),
        ({"flag": "maps"}, "x"),
    ):
        assert await names(officer, **query) == cosmo
        assert await names(officer, **dict.fromkeys(query, other)) == []
        refused = await member.get(PATH, params=query)
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_required")


@pytest.mark.parametrize("sort", ["name", "-name", "joined", "-joined", "rank", "-rank"])
async def test_every_order_shows_everybody_once_while_others_join(
    member: Browser, community_owner: Connection, sort: str
) -> None:
    for number in range(30):
        name = f"P {number * 7 % 6}"
        joined = datetime(2026, 1, 1 + number * 5 % 4, tzinfo=UTC)
        rank = ("recruit", "captain", "member", "of old")[number % 4]
        await add_member(community_owner, 900 + number, name, created_at=joined, rank=rank)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, Any] = {"sort": sort, "limit": 4, "search": "P "} | (
            {"cursor": cursor} if cursor else {}
        )
        page = (await member.get(PATH, params=query)).json()
        seen += [one["discord_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        await add_member(community_owner, 2000 + len(seen), f"P {len(seen) % 6}")

    assert len(seen) == len(set(seen))
    assert {str(900 + number) for number in range(30)} <= set(seen)


async def test_sorts_by_the_ladder_as_it_stands_and_then_by_name(
    member: Browser, community_owner: Connection
) -> None:
    for number, rank in enumerate(("veteran", "of old", "captain", "veteran", "recruit")):
        await add_member(community_owner, 900 + number, f"{rank} {9 - number}", rank=rank)
    by_code = await community_owner.fetch("SELECT code FROM ranks ORDER BY position")
    held = ["of old", *(row["code"] for row in by_code)]
    everybody = {
        "of old": ["of old 8"], "member": ["Cosmo Lindqvist"], "recruit": ["recruit 5"],
        "veteran": ["veteran 6", "veteran 9"], "captain": ["captain 7"],
    }  # fmt: skip
    up = [name for rank in held for name in everybody.get(rank, [])]
    down = [name for rank in reversed(held) for name in everybody.get(rank, [])]
    assert len(up) == 6

    for limit in (1, 2, 50):
        assert await names(member, sort="rank", limit=limit) == up
        assert await names(member, sort="-rank", limit=limit) == down
    assert await names(member, sort="-rank", search="vet", limit=1) == ["veteran 6", "veteran 9"]
    assert await names(member, sort="rank", rank="veteran") == ["veteran 6", "veteran 9"]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "password"}, {"sort": "name; drop"}, {"fields": "email"}, {"limit": "0"},
        {"limit": "201"}, {"mission": "Two Words"}, {"mission": '"] || true'}, {"search": "x" * 101},
        {"search": "a\0b"}, {"rank": "\0"}, {"joined_since": "soon"}, {"role": "owner"},
        {"tag": ["a b"]}, {"user_id": "1"},
    ],
)  # fmt: skip
async def test_a_filter_that_makes_no_sense_is_named(
    member: Browser, query: dict[str, Any]
) -> None:
    answer = await member.get(PATH, params=query)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_cursor_is_good_for_the_list_that_it_came_from_alone(
    member: Browser, community_owner: Connection
) -> None:
    for number in range(3):
        await add_member(community_owner, 900 + number, f"P {number}")
    cursor = (await member.get(PATH, params={"limit": 1})).json()["next_cursor"]

    for query in ({"sort": "-name"}, {"search": "p"}, {"left": True}, {"rank": "member"}):
        answer = await member.get(PATH, params=query | {"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) in (
            (400, "cursor_invalid"), (403, "permission_required"),
        )  # fmt: skip
    for forged in ("AAAA", cursor[::-1], cursor + "A", "WyJhIiwxXQ", "é", "=" * 50):
        answer = await member.get(PATH, params={"limit": 1, "cursor": forged})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid"), forged


async def test_leavers_and_the_deactivated_are_out_and_keep_their_history(
    officer: Browser, member: Browser, people: People, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Leaver", missions_completed='[{"v": 1, "slug": "x"}]')
    await community_owner.execute(
        "INSERT INTO userbase (user_id, uid, discord_id, username, role, is_active, version)"
        " VALUES (901, uuidv7(), '901', 'off', 'member', false, 1)"
    )
    await add_member(community_owner, 901, "Off")
    left = await officer.put(f"{PATH}/900/departure", json={"reason": "No time."})
    again = await officer.put(f"{PATH}/900/departure", json={"reason": "No time."})

    assert (left.status_code, again.json()["code"]) == (200, "member_has_left")
    assert await names(member) == ["Cosmo Lindqvist", "Nova Reyes"]
    for gone in ("900", "901"):
        assert (await member.get(f"{PATH}/{gone}")).json()["code"] == "member_not_found"
        assert (await member.get(f"/members/{gone}")).status_code == 404
        assert (await officer.get(f"/members/{gone}")).status_code == 200
    assert (await officer.get(f"{PATH}/900")).json()["missions_completed"] == [
        {"v": 1, "slug": "x"}
    ]
    assert await names(officer, left=True) == ["Leaver"]
    assert (await member.get(PATH, params={"left": True})).status_code == 403

    assert (await officer.delete(f"{PATH}/900/departure")).status_code == 204
    assert (await officer.delete(f"{PATH}/900/departure")).json()["code"] == "member_has_not_left"
    assert (await member.get(f"{PATH}/900")).json()["missions_completed"] == [{"v": 1, "slug": "x"}]
    assert await people.audited() == ["member.left", "member.returned"]


async def test_an_officer_discharges_nobody_at_or_above_his_own_rank(
    officer: Browser, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Also captain", rank="captain")

    answer = await officer.put(f"{PATH}/900/departure", json={"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (403, "rank_too_high")


async def test_the_page_finds_filters_and_goes_on(
    member: Browser, community_owner: Connection
) -> None:
    for number in range(60):
        await add_member(community_owner, 900 + number, f"Pilot {number:02}", rank="veteran")

    first = (await member.get("/members?rank=veteran&search=pilot")).text
    assert "Pilot 00" in first
    assert "Pilot 47" in first
    assert "Pilot 48" not in first
    next_url = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = (await member.get(next_url)).text
    assert "Pilot 48" in second
    assert "Pilot 47" not in second
    assert "Nova" not in (await member.get("/members?sort=password&rank=")).text
