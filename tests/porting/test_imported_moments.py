"""A file may say when its entries were recorded, unless a season here was closed since."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from backend.community.porting.handlers.outcomes import Action
from tests.porting.conftest import Moving, errors

LONG_AGO = "2024-06-01T00:00:00+00:00"
FUNCTIONS = ("import_completions", "import_counter_changes", "import_seasons")
FILE = (
    {"format": "farout.community", "version": 1},
    {"section": "missions", "slug": "m", "title": "M", "points": 3},
    {"section": "counters", "key": "kudos", "title": "Kudos"},
    {"section": "members", "discord_id": "77", "display_name": "Nova"},
    {
        "section": "completions", "discord_id": "77", "mission": "m", "points": 3,
        "completed_at": "2024-05-01T00:00:00Z", "recorded_at": LONG_AGO,
    },
    {
        "section": "counter_changes", "discord_id": "77", "counter": "kudos", "change": 4,
        "id": "0198c0de-0000-7000-8000-00000000abcd", "counted_at": "2024-05-02T00:00:00Z",
        "recorded_at": LONG_AGO,
    },
)  # fmt: skip
SEASON = {
    "section": "seasons", "slug": "spring", "title": "Spring", "starts_at": "2024-03-01",
    "ends_at": "2024-06-02", "closed_at": "2024-06-03",
}  # fmt: skip
STANDINGS = "SELECT counter, value FROM season_standings ORDER BY counter"
CLOSED_HERE = (
    "INSERT INTO seasons (slug, title, starts_at, ends_at) VALUES ('own', 'Own', '2024-01-01',"
    " '2025-01-01'); SELECT close_season(number, NULL) FROM seasons"
)


async def _read(moving: Moving, *rows: dict[str, Any]) -> Any:
    lines = "\n".join(json.dumps(row) for row in rows)
    return await moving.read_in(moving.write("x.jsonl", lines))


async def test_a_closed_season_comes_back_as_the_ledger_was_then(moving: Moving) -> None:
    result = await _read(moving, *FILE, SEASON)
    assert errors(result) == []
    assert [tuple(row) for row in await moving.owner.fetch(STANDINGS)] == [
        ("kudos", 4), ("missions_completed", 1), ("points", 3),
    ]  # fmt: skip
    assert await moving.owner.fetchval("SELECT min(recorded_at) FROM counter_changes") is not None
    assert await moving.owner.fetchval("SELECT count(*) FROM scores WHERE period >= 100") == 0


async def test_what_a_season_closed_here_said_is_not_changed(moving: Moving) -> None:
    await moving.owner.execute(CLOSED_HERE)

    result = await _read(moving, *FILE, SEASON)

    [(_, field, reason)] = errors(result)
    assert field == "closed_at"
    assert "leave closed_at out" in reason
    again = "SELECT count(*) FROM seasons, season_ledger(number, closed_at)"
    assert await moving.owner.fetchval(again) == 0
    recorded = "SELECT count(*) FROM {} WHERE recorded_at > now() - interval '1 minute'"
    assert await moving.owner.fetchval(recorded.format("completions")) == 1
    assert await moving.owner.fetchval(recorded.format("counter_changes")) == 1


async def test_a_change_is_added_once_whatever_else_happened(moving: Moving) -> None:
    await _read(moving, *FILE)
    await moving.owner.execute("UPDATE member_counters SET value = 9")

    result = await _read(moving, *FILE, {"section": "members", "discord_id": "77"})

    assert result.count(Action.UNCHANGED) == len(FILE)
    assert await moving.owner.fetchval("SELECT value FROM member_counters") == 9
    assert await moving.owner.fetchval("SELECT sum(change) FROM counter_changes") == 9


async def test_attendance_that_could_not_be_imported_is_not_counted(moving: Moving) -> None:
    """The log of a file says that somebody was there, and its attendance is of no date."""
    change = FILE[-1] | {"counter": "events_attended", "change": 1}
    there = {
        "section": "attendance", "discord_id": "77", "status": "attended",
        "occurrence_id": "0198c0de-0000-7000-8000-00000000abcd",
    }  # fmt: skip

    result = await _read(moving, *FILE[:-1], change, there)

    assert [field for _, field, _ in errors(result)] == ["occurrence_id"]
    total = "SELECT sum(change) FROM counter_changes WHERE counter = 'events_attended'"
    assert await moving.owner.fetchval(total) == 0


@pytest.mark.parametrize("function", FUNCTIONS)
async def test_only_the_service_may_say_when(moving: Moving, function: str) -> None:
    allowed = await moving.owner.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'farout\\_%' AND NOT rolsuper"
        f" AND has_function_privilege(rolname, '{function}(jsonb)', 'EXECUTE')"
    )
    assert "farout_app" in {row["rolname"] for row in allowed}
    assert "farout_sync" not in {row["rolname"] for row in allowed}
    async with moving.database.transaction() as db:
        await db.execute(text(f"SELECT {function}('[]')"))
