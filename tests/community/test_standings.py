"""Leaderboards: who is on them, in which order, and that they never say what the ledger does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.community.projection.commands import compare_all
from backend.community.seasons.queries import count_differences, get_season
from backend.community.standings.actions import roll_all
from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.record import Unit


async def _award(unit: Unit, member: str, points: int, days: float = 0, n: int = 0) -> Any:
    slug = f"m-{member}-{points}-{int(days * 10)}-{n}"
    await unit.database.execute("INSERT INTO missions (slug, title) VALUES ($1, 'x')", slug)
    moment = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    body = {"member": member, "mission": slug, "points": points, "completed_at": moment}
    return await unit.post("/api/completions", body)


async def _board(unit: Unit, counter: str = "points", **query: Any) -> list[tuple[int, str, int]]:
    answer = await unit.member.get(f"/api/leaderboards/{counter}", params=query)
    assert answer.is_success, answer.text
    return [(one["place"], one["member"], one["value"]) for one in answer.json()["items"]]


async def _place(unit: Unit, counter: str = "points", **query: Any) -> tuple[int | None, int, int]:
    answer = (await unit.member.get(f"/api/leaderboards/{counter}/me", params=query)).json()
    return answer["place"], answer["value"], answer["of"]


async def test_equal_values_share_a_place(unit: Unit) -> None:
    ids = await unit.members(4)
    for member, points in zip(ids, (10, 30, 30, 5), strict=True):
        await _award(unit, member, points)
    await _award(unit, COSMO_ID, 10)

    assert await _board(unit) == [
        (1, ids[1], 30), (1, ids[2], 30), (3, COSMO_ID, 10), (3, ids[0], 10), (5, ids[3], 5),
    ]  # fmt: skip
    assert await _place(unit) == (3, 10, 5)
    assert await _board(unit, "missions_completed", limit=1) == [(1, COSMO_ID, 1)]


async def test_places_are_the_same_however_the_pages_are_cut(unit: Unit) -> None:
    ids = await unit.members(23)
    for number, member in enumerate(ids):
        await _award(unit, member, 1 + number % 5)
    whole = await _board(unit, limit=200)

    for limit in (1, 2, 3, 7):
        found: list[tuple[int, str, int]] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = (await unit.member.get("/api/leaderboards/points", params=query)).json()
            found += [(one["place"], one["member"], one["value"]) for one in page["items"]]
            cursor = page["next_cursor"]
        assert found == whole


@pytest.mark.parametrize("value", [1023, 1024, 1025, 5_000, 70_001, 99_999])
async def test_a_place_is_exact_among_large_and_close_values(unit: Unit, value: int) -> None:
    ids = await unit.members(5)
    for member, points in zip(ids, (value + 1, value, value - 1, 100_000, 1), strict=True):
        await _award(unit, member, points)
    await _award(unit, COSMO_ID, value)

    assert await _place(unit) == (3, value, 6)


async def test_a_revoked_award_leaves_every_board(unit: Unit) -> None:
    given = await _award(unit, COSMO_ID, 50)
    assert await _place(unit) == (1, 50, 1)

    await unit.post(f"/api/completions/{given['id']}/revoke", {"reason": "x"})

    for period in ("all", "30d", "90d"):
        assert await _board(unit, period=period) == []
    assert await _place(unit) == (None, 0, 0)


async def test_rolling_boards_count_whole_days_and_forget_them(unit: Unit) -> None:
    ids = await unit.members(1)
    await _award(unit, COSMO_ID, 7, days=29)
    await _award(unit, COSMO_ID, 70, days=30)
    await _award(unit, ids[0], 700, days=90)

    assert await _board(unit, period="30d") == [(1, COSMO_ID, 7)]
    assert await _board(unit, period="90d") == [(1, COSMO_ID, 77)]

    # Two days later.
    await unit.database.execute(
        "ALTER TABLE completions DISABLE TRIGGER USER;"
        " UPDATE completions SET completed_at = completed_at - interval '2 days';"
        " ALTER TABLE completions ENABLE TRIGGER USER;"
        " UPDATE scores SET due_on = due_on - 2"
    )

    answer = await unit.member.get("/api/leaderboards/points?period=30d")
    assert answer.json()["items"] == []
    assert answer.json()["as_of"] == datetime.now(UTC).date().isoformat()
    assert await _board(unit, period="90d") == [(1, COSMO_ID, 77)]
    assert await roll_all(unit.farout.community.database) == 0


async def test_deactivated_people_are_on_no_board_and_come_back(unit: Unit) -> None:
    await _award(unit, COSMO_ID, 50)
    await unit.database.execute(
        "INSERT INTO userbase (user_id, uid, discord_id, username, role, is_active, version)"
        " VALUES (1, uuidv7(), $1, 'c', 'member', true, 1)",
        COSMO_ID,
    )
    for is_active, expected in ((False, []), (True, [(1, COSMO_ID, 50)])):
        await unit.database.execute("UPDATE userbase SET is_active = $1", is_active)
        assert await _board(unit) == expected
        assert (await compare_all(unit.farout.community))[1] == []


async def test_a_declared_counter_has_a_board_and_stands_in_the_profile(unit: Unit) -> None:
    await unit.post("/api/counters", {"key": "kills", "title": "Kills"})
    path = f"/api/members/{COSMO_ID}/counters/kills"
    headers = {"Idempotency-Key": "k"}

    await unit.officer.put(path, json={"value": 5})
    for _ in range(2):
        answer = await unit.officer.put(path, json={"add": 3}, headers=headers)

    assert answer.json()["value"] == 8
    assert await _board(unit, "kills") == [(1, COSMO_ID, 8)]
    assert (await unit.profile())["stats"]["counters"] == {"kills": 8}
    below = await unit.officer.put(path, json={"add": -9})
    assert (below.status_code, below.json()["code"]) == (422, "counter_out_of_range")
    for key in ("points", "Bad Key", "kills"):
        again = await unit.officer.post("/api/counters", json={"key": key, "title": "x"})
        assert again.status_code in (409, 422)
    assert (await unit.member.put(path, json={"value": 9})).status_code == 403
    unknown = await unit.officer.put(f"/api/members/{COSMO_ID}/counters/nope", json={"value": 1})
    assert unknown.json()["code"] == "counter_not_found"


async def test_what_does_not_exist_has_no_board(unit: Unit) -> None:
    for path in ("nope", "points?period=never", "points?period=%00"):
        answer = await unit.member.get(f"/api/leaderboards/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "board_not_found")
    bad = await unit.member.get("/api/leaderboards/points?cursor=x")
    assert bad.json()["code"] == "cursor_invalid"


async def _season(unit: Unit, **chosen: Any) -> Any:
    now = datetime.now(UTC)
    body = {
        "slug": "2026q2", "title": "Spring", "starts_at": (now - timedelta(days=10)).isoformat(),
        "ends_at": (now - timedelta(seconds=1)).isoformat(),
    }  # fmt: skip
    return await unit.post("/api/seasons", body | chosen)


async def test_a_closed_season_stays_and_can_be_counted_again_from_the_ledger(unit: Unit) -> None:
    ids = await unit.members(3)
    for member, points in zip(ids, (10, 20, 20), strict=True):
        await _award(unit, member, points, days=5)
    await _season(unit)
    late = await _award(unit, COSMO_ID, 15, days=4)
    await _award(unit, COSMO_ID, 1000, days=20)
    expected = [(1, ids[1], 20), (1, ids[2], 20), (3, COSMO_ID, 15), (4, ids[0], 10)]
    assert await _board(unit, period="2026q2") == expected

    closed = await unit.post("/api/seasons/2026q2/close", {})
    await unit.post(f"/api/completions/{late['id']}/revoke", {"reason": "x"})
    await _award(unit, ids[0], 500, days=3)

    assert closed["closed_at"] is not None
    assert await _board(unit, period="2026q2") == expected
    assert await _place(unit, period="2026q2") == (3, 15, 4)
    async with unit.farout.community.database.transaction() as db:
        assert await count_differences(db, await get_season(db, "2026q2")) == 0
    again = await unit.officer.post("/api/seasons/2026q2/close", json={})
    assert again.json()["code"] == "season_closed"
    assert (await compare_all(unit.farout.community))[1] == []

    await unit.database.execute("UPDATE season_standings SET value = 21 WHERE value = 20")
    async with unit.farout.community.database.transaction() as db:
        assert await count_differences(db, await get_season(db, "2026q2")) == 4


async def test_awards_while_a_season_closes_are_either_in_it_or_not(unit: Unit) -> None:
    ids = await unit.members(40)
    await unit.mission("m")
    await _season(unit)
    moment = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    body = {"mission": "m", "points": 5, "completed_at": moment}

    given = await asyncio.gather(
        *(unit.post("/api/completions", body | {"member": one}) for one in ids[:10])
    )
    await asyncio.gather(
        *(unit.post("/api/completions", body | {"member": one}) for one in ids[10:20]),
        *(unit.post(f"/api/completions/{one['id']}/revoke", {"reason": "x"}) for one in given),
        unit.post("/api/seasons/2026q2/close", {}),
        _season(unit, slug="second"),
        *(unit.post("/api/completions", body | {"member": one}) for one in ids[20:]),
    )

    async with unit.farout.community.database.transaction() as db:
        assert await count_differences(db, await get_season(db, "2026q2")) == 0
    assert len(await _board(unit, limit=200)) == 30
    assert (await compare_all(unit.farout.community))[1] == []


async def test_a_running_season_is_not_closed_and_members_close_none(unit: Unit) -> None:
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await _season(unit, ends_at=ends)

    early = await unit.officer.post("/api/seasons/2026q2/close", json={})

    assert (early.status_code, early.json()["code"]) == (409, "season_not_over")
    assert (await unit.member.post("/api/seasons/2026q2/close", json={})).status_code == 403
    for slug in ("all", "30d", "2026q2"):
        again = await unit.officer.post(
            "/api/seasons",
            json={"slug": slug, "title": "x", "starts_at": "2026-01-01T00:00:00Z", "ends_at": ends},
        )
        assert again.status_code in (409, 422)
