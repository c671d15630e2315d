"""An import may say when something was revoked; nobody can change by it what a closed season said."""

import json
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text

from tests.fixtures.databases import Server
from tests.porting.conftest import Moving

LONG_AGO = "2024-06-01T00:00:00+00:00"
_ADD = text("""
    INSERT INTO completions (member_id, kind, mission_id, slug, title, outcome, completed_at, via)
    SELECT members.id, 'mission', missions.id, slug, missions.title, 'success', '2024-05-01', 'rule'
    FROM members CROSS JOIN missions RETURNING id
""")
_REVOKE = text("SELECT import_revocations(CAST(:rows AS jsonb))")


async def _people(moving: Moving) -> None:
    await moving.owner.execute(
        "INSERT INTO members (discord_id, display_name) VALUES ('77', 'x');"
        "INSERT INTO missions (slug, title) VALUES ('m', 'M')"
    )


def _rows(completion_id: object) -> dict[str, str]:
    row = {"id": str(completion_id), "revoked_at": LONG_AGO, "reason": "x"}
    return {"rows": json.dumps([row])}


async def test_an_entry_of_this_transaction_keeps_its_moment(moving: Moving) -> None:
    await _people(moving)
    async with moving.database.transaction() as db:
        added = await db.scalar(_ADD)
        await db.execute(_REVOKE, _rows(added))
    found = await moving.owner.fetchval("SELECT revoked_at FROM completions")
    assert found == datetime.fromisoformat(LONG_AGO)


async def test_an_older_entry_is_revoked_now(moving: Moving) -> None:
    await _people(moving)
    async with moving.database.transaction() as db:
        added = await db.scalar(_ADD)
    before = datetime.now(UTC)
    async with moving.database.transaction() as db:
        await db.execute(_REVOKE, _rows(added))
    assert await moving.owner.fetchval("SELECT revoked_at FROM completions") >= before


async def test_a_season_closed_over_the_entry_says_the_same_for_ever(moving: Moving) -> None:
    """Recorded and closed within one transaction: as late as a closing can come."""
    await _people(moving)
    await moving.owner.execute(
        "INSERT INTO seasons (slug, title, starts_at, ends_at) VALUES ('s', 'S', '2024-01-01', '2025-01-01')"
    )
    async with moving.database.transaction() as db:
        added = await db.scalar(_ADD)
        await db.execute(text("SELECT close_season(number, NULL) FROM seasons"))
        await db.execute(_REVOKE, _rows(added))
    standings = await moving.owner.fetchval(
        "SELECT count(*) FROM season_standings WHERE counter = 'missions_completed'"
    )
    counted_again = await moving.owner.fetchval(
        "SELECT count(*) FROM seasons, season_ledger(number, closed_at)"
        " WHERE counter = 'missions_completed'"
    )
    assert (standings, counted_again) == (1, 1)


async def test_the_role_that_writes_the_mirror_has_no_part_in_it(
    moving: Moving, migrated: Server
) -> None:
    connection = await asyncpg.connect(migrated.url("farout_sync", "farout"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT import_revocations('[]')")
    finally:
        await connection.close()
