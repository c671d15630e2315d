"""What a member's page counts beside the ledger: dates attended, seasons, and how reliably they come."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.community.projection.commands import compare_all
from backend.community.seasons.queries import count_differences, get_season
from backend.community.standings.actions import roll_daily
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community.test_directory import names
from tests.fixtures.databases import until
from tests.fixtures.record import Unit


def _day(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def _report(unit: Unit, occurrence: str, **people: str) -> None:
    lines = [{"member": member[1:], "status": status} for member, status in people.items()]
    answer = await unit.officer.put(f"/api/occurrences/{occurrence}/report", json={"people": lines})
    assert answer.is_success, answer.text


async def _board(unit: Unit, counter: str, period: str) -> list[tuple[str, int]]:
    answer = await unit.member.get(f"/api/leaderboards/{counter}", params={"period": period})
    assert answer.is_success, answer.text
    return [(one["member"], one["value"]) for one in answer.json()["items"]]


async def _stats(unit: Unit, discord_id: str = COSMO_ID) -> Any:
    return (await unit.profile(discord_id))["stats"]


async def test_counts_the_dates_that_somebody_attended(unit: Unit) -> None:
    await unit.mission()
    [other] = await unit.members(1)
    dates = [await unit.occurrence(hours=-hours) for hours in (48, 24, 2000, 24 * 100)]

    await _report(unit, dates[0], **{f"_{COSMO_ID}": "attended", f"_{other}": "no_show"})
    await _report(unit, dates[1], **{f"_{COSMO_ID}": "no_show", f"_{other}": "excused"})
    await _report(unit, dates[2], **{f"_{COSMO_ID}": "attended"})
    await _report(unit, dates[3], **{f"_{COSMO_ID}": "attended"})

    stats = await _stats(unit)
    assert stats["counters"]["events_attended"] == 3
    # Two of three in 90 days; who was excused neither came nor stayed away.
    assert stats["gauges"] == {"attendance_90d": 0.6667}
    assert (await _stats(unit, other))["gauges"] == {"attendance_90d": 0}
    assert await _board(unit, "events_attended", "all") == [(COSMO_ID, 3)]
    assert await _board(unit, "events_attended", "30d") == [(COSMO_ID, 1)]

    # Corrected: it was the other who came.
    await _report(unit, dates[0], **{f"_{COSMO_ID}": "excused", f"_{other}": "attended"})

    assert await _board(unit, "events_attended", "all") == [(COSMO_ID, 2), (other, 1)]
    assert (await _stats(unit))["gauges"] == {"attendance_90d": 0.5}
    assert (await compare_all(unit.farout.community))[1] == []


async def test_a_declared_counter_is_counted_in_every_period(unit: Unit) -> None:
    await unit.post("/api/counters", {"key": "kudos", "title": "Kudos"})
    path = f"/api/members/{COSMO_ID}/counters/kudos"
    await unit.officer.put(path, json={"value": 10})
    await unit.database.execute(
        "UPDATE counter_changes SET counted_at = now() - interval '40 days'"
    )
    season = {"slug": "now", "title": "x", "starts_at": _day(-5), "ends_at": _day(-0.00001)}
    await unit.officer.put(path, json={"add": 3})
    # A season counts what came before it was opened, too.
    await unit.database.execute(
        "UPDATE counter_changes SET counted_at = now() - interval '1 day' WHERE change = 3"
    )
    await unit.post("/api/seasons", season)
    await unit.officer.put(path, json={"add": -1})

    assert await _board(unit, "kudos", "all") == [(COSMO_ID, 12)]
    assert await _board(unit, "kudos", "90d") == [(COSMO_ID, 12)]
    assert await _board(unit, "kudos", "30d") == [(COSMO_ID, 2)]
    assert await _board(unit, "kudos", "now") == [(COSMO_ID, 3)]
    assert (await _stats(unit))["seasons"] == {"now": {"kudos": 3}}

    await unit.post("/api/seasons/now/close", {})
    await unit.officer.put(path, json={"value": 0})

    assert await _board(unit, "kudos", "all") == []
    assert await _board(unit, "kudos", "now") == [(COSMO_ID, 3)]
    assert (await _stats(unit))["seasons"] == {"now": {"kudos": 3}}
    async with unit.farout.community.database.transaction() as db:
        assert await count_differences(db, await get_season(db, "now")) == 0
    assert (await compare_all(unit.farout.community))[1] == []


async def test_a_correction_that_outweighs_its_period_comes_back_when_it_has_left_it(
    unit: Unit,
) -> None:
    await unit.post("/api/counters", {"key": "kudos", "title": "Kudos"})
    path = f"/api/members/{COSMO_ID}/counters/kudos"
    for change in (5, -4, 2):
        await unit.officer.put(path, json={"add": change})
    for change, days in ((5, 40), (-4, 29), (2, 1)):
        await unit.database.execute(
            "UPDATE counter_changes SET counted_at = now() - make_interval(days => $1)"
            " WHERE change = $2",
            days, change,
        )  # fmt: skip
    assert await _board(unit, "kudos", "30d") == []
    place = (await unit.member.get("/api/leaderboards/kudos/me?period=30d")).json()
    assert (place["place"], place["value"], place["of"]) == (None, 0, 0)

    # A day later, by the calendar of the scores; the worker notices by itself.
    await unit.database.execute(
        "ALTER TABLE counter_changes DISABLE TRIGGER USER;"
        " UPDATE counter_changes SET counted_at = counted_at - interval '1 day';"
        " ALTER TABLE counter_changes ENABLE TRIGGER USER;"
        " UPDATE scores SET due_on = due_on - 1"
    )
    worker = asyncio.create_task(roll_daily(unit.farout.community.sync_database))
    try:
        await until(
            unit.database,
            "SELECT value::int FROM scores WHERE period = 30 AND counter = 'kudos'",
            2,
        )
    finally:
        worker.cancel()

    assert await _board(unit, "kudos", "30d") == [(COSMO_ID, 2)]
    assert (await compare_all(unit.farout.community))[1] == []


async def test_leavers_are_on_no_board_and_come_back_with_what_they_had(unit: Unit) -> None:
    await unit.mission(points=9)
    ids = await unit.members(2)
    await unit.database.execute(
        "UPDATE members SET rank = 'captain' WHERE discord_id = $1", NOVA_ID
    )
    for one in ids:
        moment = _day(-1)
        body = {"member": one, "mission": "iron-dawn", "completed_at": moment}
        await unit.post("/api/completions", body)
    season = {"slug": "s", "title": "x", "starts_at": _day(-5), "ends_at": _day(-0.00001)}
    await unit.post("/api/seasons", season)
    await unit.post("/api/seasons", season | {"slug": "closed"})
    await unit.post("/api/seasons/closed/close", {})
    departure = f"/api/members/{ids[0]}/departure"

    await unit.officer.put(departure, json={"reason": "x"})

    for period in ("all", "30d", "s", "closed"):
        assert await _board(unit, "points", period) == [(ids[1], 9)]
    assert (await unit.profile(ids[0]))["stats"]["counters"]["points"] == 9
    assert (await compare_all(unit.farout.community))[1] == []

    assert (await unit.officer.delete(departure)).status_code == 204

    for period in ("all", "30d", "s", "closed"):
        assert await _board(unit, "points", period) == [(ids[0], 9), (ids[1], 9)]


@pytest.mark.parametrize("kind", ["training", "date", "award"])
async def test_who_trained_came_or_was_honoured_is_active_too(unit: Unit, kind: str) -> None:
    yesterday, tomorrow = _day(-1)[:10], _day(1)[:10]
    assert await names(unit.member, active_since=yesterday) == []
    if kind == "training":
        await unit.training()
        await unit.post("/api/completions", {"member": COSMO_ID, "training": "medic-1"})
    elif kind == "date":
        await unit.mission()
        # The report's author is awarded nothing, and came all the same.
        occurrence = await unit.occurrence(hours=-1)
        await _report(unit, occurrence, **{f"_{COSMO_ID}": "attended"})
        await unit.database.execute(
            "INSERT INTO completion_revocations (completion_id, reason)"
            " SELECT id, 'x' FROM completions"
        )
    else:
        await unit.database.execute(
            "WITH made AS (INSERT INTO awards (name) VALUES ('x') RETURNING id)"
            " INSERT INTO award_grants (award_id, member_id, reason, granted_by)"
            " SELECT made.id, members.id, 'x', uuidv7() FROM made, members WHERE discord_id = $1",
            COSMO_ID,
        )

    assert await names(unit.member, active_since=yesterday) == ["Cosmo Lindqvist"]
    assert await names(unit.member, active_since=tomorrow) == []
    assert (await compare_all(unit.farout.community))[1] == []


async def test_who_did_nothing_has_no_stats(unit: Unit) -> None:
    assert await _stats(unit) == {}
    assert (await unit.member.get("/api/members/me")).json()["stats"] == {}
