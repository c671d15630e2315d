"""Awards: a rule suggests and shows its sum, a person confirms."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection

RULE = {"counters": {"missions_completed": 25}, "trainings": ["medic-1"], "days_here": 30}
LONG_AGO = datetime.now(UTC) - timedelta(days=90)


@pytest.fixture
async def admin(people: People) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


@pytest.fixture
async def officer(people: People) -> Browser:
    return await people.sign_in(COSMO_ID, role="officer")


@pytest.fixture
async def medal(admin: Browser, people: People) -> str:
    """Return the path of an award with a rule."""
    made = await admin.post("/api/awards", json={"name": "Medal", "rule": RULE})
    assert made.status_code == 201, made.text
    assert await people.audited() == ["award.added"]
    return f"/api/awards/{made.json()['id']}"


async def add_candidate(
    owner: Connection, number: int, missions: object = 30, result: str = "pass", **columns: Any
) -> None:
    values = {
        "stats": json.dumps({"v": 1, "counters": {"missions_completed": missions}}),
        "trainings_completed": json.dumps([{"v": 1, "slug": "medic-1", "result": result}]),
        "created_at": LONG_AGO,
    }
    await add_member(owner, number, f"P{number}", **(values | columns))


async def suggested(browser: Browser, medal: str) -> list[str]:
    items = (await browser.get(f"{medal}/suggestions")).json()["items"]
    return [one["discord_id"] for one in items]


async def test_suggests_who_meets_the_whole_rule_and_shows_the_sum(
    officer: Browser, medal: str, community_owner: Connection
) -> None:
    await add_candidate(community_owner, 900)
    await add_candidate(community_owner, 901, missions=24)
    await add_candidate(community_owner, 902, result="fail")
    await add_candidate(community_owner, 903, created_at=datetime.now(UTC))
    await add_candidate(community_owner, 904, missions="many")
    await add_candidate(
        community_owner, 905, stats='{"v": 1, "counters": [{"missions_completed": 99}]}'
    )

    items = (await officer.get(f"{medal}/suggestions")).json()["items"]

    assert [one["discord_id"] for one in items] == ["900"]
    assert items[0]["criteria"] == [
        {"asked": "counter missions_completed", "needs": 25, "has": 30},
        {"asked": "training medic-1", "needs": 1, "has": 1},
        {"asked": "days here", "needs": 30, "has": 90},
    ]
    assert (await officer.get("/api/members/900/awards")).json()["items"] == []


async def test_who_has_it_is_suggested_no_more_until_it_is_withdrawn(
    admin: Browser, officer: Browser, people: People, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada", created_at=LONG_AGO)
    made = await admin.post("/api/awards", json={"name": "Medal", "rule": {"days_here": 30}})
    medal = f"/api/awards/{made.json()['id']}"
    assert await people.audited() == ["award.added"]
    assert await suggested(officer, medal) == ["900"]
    body = {"discord_ids": ["900"], "reason": "Earned."}

    first = await officer.post(f"{medal}/grants", json=body)
    second = await officer.post(f"{medal}/grants", json=body)

    assert (first.json(), second.json()) == (
        {"granted": ["900"], "had_it": []}, {"granted": [], "had_it": ["900"]},
    )  # fmt: skip
    assert await suggested(officer, medal) == []
    (held,) = (await officer.get("/api/members/900/awards")).json()["items"]
    assert (held["name"], held["reason"]) == ("Medal", "Earned.")
    path = f"/api/award-grants/{held['id']}/withdraw"
    assert (await officer.post(path, json={"reason": "By mistake."})).status_code == 204
    again = await officer.post(path, json={"reason": "By mistake."})
    assert (again.status_code, again.json()["code"]) == (409, "grant_withdrawn")
    assert await suggested(officer, medal) == ["900"]
    assert await people.audited() == ["award.granted", "award.withdrawn"]


async def test_grants_many_at_once_whoever_else_does(
    officer: Browser, admin: Browser, medal: str, people: People, community_owner: Connection
) -> None:
    for number in range(900, 910):
        await add_candidate(community_owner, number)
    body = {"discord_ids": [str(n) for n in range(909, 899, -1)], "reason": "All of you."}
    await people.open_connections(admin)

    answers = await asyncio.gather(
        *(browser.post(f"{medal}/grants", json=body) for browser in (officer, admin) * 4)
    )

    assert sum(len(answer.json()["granted"]) for answer in answers) == 10
    live = "SELECT count(*) FROM award_grants WHERE withdrawn_at IS NULL"
    assert await community_owner.fetchval(live) == 10
    assert await people.audited() == ["award.granted"]


async def test_one_who_is_not_there_stops_the_whole_request(
    officer: Browser, medal: str, people: People, community_owner: Connection
) -> None:
    await add_candidate(community_owner, 900)

    answer = await officer.post(
        f"{medal}/grants", json={"discord_ids": ["900", "999"], "reason": "x"}
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "members_not_found")
    assert "999" in answer.json()["detail"]
    assert await suggested(officer, medal) == ["900"]
    assert await people.audited() == []


async def test_nobody_grants_himself_an_award(officer: Browser, medal: str) -> None:
    answer = await officer.post(
        f"{medal}/grants", json={"discord_ids": [COSMO_ID], "reason": "I deserve it."}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cannot_award_yourself")


async def test_an_archived_award_is_kept_and_granted_no_more(
    admin: Browser, medal: str, people: People, community_owner: Connection
) -> None:
    await add_candidate(community_owner, 900)
    body = {"discord_ids": ["900"], "reason": "x"}
    await admin.post(f"{medal}/grants", json=body)
    await admin.patch(medal, json={"archived": True, "rule": None})

    assert (await admin.post(f"{medal}/grants", json=body)).json()["code"] == "award_archived"
    assert (await admin.get(f"{medal}/suggestions")).json()["code"] == "award_has_no_rule"
    assert len((await admin.get("/api/members/900/awards")).json()["items"]) == 1
    assert await people.audited() == ["award.granted", "award.edited"]


@pytest.mark.parametrize(
    "rule",
    [
        {}, {"counters": {}}, {"counters": {"Points": 1}}, {"counters": {"points": 0}},
        {"counters": {"points": 1.5}}, {"counters": {"points": 2**53}}, {"days_here": "30"},
        {"missions": ["Two Words"]}, {"sql": "1"}, {"counters": {'x" ? (1==1)': 1}},
    ],
)  # fmt: skip
async def test_a_rule_that_makes_no_sense_is_refused(
    admin: Browser, people: People, rule: dict[str, Any]
) -> None:
    answer = await admin.post("/api/awards", json={"name": "Medal", "rule": rule})

    assert answer.status_code == 422
    assert await people.audited() == []
