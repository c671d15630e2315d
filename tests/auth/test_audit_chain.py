"""Nobody changes the past unnoticed, not even the owner of the database."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.auth.audit_log.actions import seal
from backend.auth.audit_log.verification import verify
from backend.auth.housekeeping import housekeeping
from tests.fixtures.application import KEY, Farout
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import ROOT

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=ago) for ago in (3, 2, 0)]


@pytest.fixture
async def sealed(farout: Farout, auth_owner: Connection) -> list[int]:
    """Return the ids of ten entries on each of three days, sealed."""
    for day in DAYS:
        await auth_owner.execute(
            "INSERT INTO audit_log (at, action, details)"
            " SELECT $1::date::timestamp AT TIME ZONE 'UTC', 'test', '{\"of\": 1.50}'"
            " FROM generate_series(1, 10)",
            day,
        )
    assert await seal(farout.auth) == 30
    assert (await verify(farout.auth)).problems == []
    return [row[0] for row in await auth_owner.fetch("SELECT id FROM audit_log ORDER BY id")]


async def test_what_nobody_touched_is_whole(farout: Farout, sealed: list[int]) -> None:
    verdict = await verify(farout.auth)

    assert (verdict.days, verdict.entries, verdict.unsealed) == (3, 30, 0)
    assert verdict.problems == []
    assert await seal(farout.auth) == 0


@pytest.mark.parametrize(
    "change",
    [
        "action = 'other'", "at = at + interval '1 microsecond'", "details = '{}'",
        "actor_uid = uuidv7()", "target_uid = uuidv7()", "ip = '10.0.0.1'", "request_id = 'x'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 14, 29])
async def test_a_changed_entry_is_named(
    farout: Farout, auth_owner: Connection, sealed: list[int], place: int, change: str
) -> None:
    await auth_owner.execute(f"UPDATE audit_log SET {change} WHERE id = $1", sealed[place])

    day = DAYS[place // 10]
    assert (await verify(farout.auth)).problems == [f"{day}: entry {sealed[place]} was changed."]


@pytest.mark.parametrize("place", [0, 9, 15, 29])
async def test_a_missing_entry_is_named(
    farout: Farout, auth_owner: Connection, sealed: list[int], place: int
) -> None:
    await auth_owner.execute("DELETE FROM audit_log WHERE id = $1", sealed[place])

    day = DAYS[place // 10]
    assert (await verify(farout.auth)).problems == [f"{day}: entry {sealed[place]} is missing."]


async def test_entries_removed_with_their_links_are_missed(
    farout: Farout, auth_owner: Connection, sealed: list[int]
) -> None:
    for gone in (sealed[4], sealed[29]):
        await auth_owner.execute("DELETE FROM audit_log WHERE id = $1", gone)
        await auth_owner.execute("DELETE FROM audit_links WHERE entry_id = $1", gone)

    assert (await verify(farout.auth)).problems == [
        f"{DAYS[0]}: place 5 of its chain is missing.",
        f"{DAYS[2]}: place 10, the end of its chain, is missing.",
    ]


async def test_a_seal_that_was_bent_to_fit_is_noticed(
    farout: Farout, auth_owner: Connection, sealed: list[int]
) -> None:
    last = sealed[29]
    await auth_owner.execute("DELETE FROM audit_log WHERE id = $1", last)
    await auth_owner.execute("DELETE FROM audit_links WHERE entry_id = $1", last)
    await auth_owner.execute(
        "UPDATE audit_seals SET entries = 9, head ="
        " (SELECT hash FROM audit_links WHERE day = $1 AND position = 9) WHERE day = $1",
        DAYS[2],
    )

    assert (await verify(farout.auth)).problems == [f"{DAYS[2]}: its seal was changed."]


async def test_a_day_that_was_removed_whole_is_missed(
    farout: Farout, auth_owner: Connection, sealed: list[int]
) -> None:
    for table, column in (
        ("audit_log", "at::date"),
        ("audit_links", "day"),
        ("audit_seals", "day"),
    ):
        await auth_owner.execute(f"DELETE FROM {table} WHERE {column} = $1", DAYS[1])

    assert (await verify(farout.auth)).problems == [
        f"{DAYS[2]}: the day before it in the chain is missing."
    ]


async def test_a_log_without_any_seal_is_not_called_checked(
    farout: Farout, auth_owner: Connection, sealed: list[int]
) -> None:
    await auth_owner.execute("DELETE FROM audit_links; DELETE FROM audit_seals")

    verdict = await verify(farout.auth)

    assert (verdict.entries, verdict.unsealed) == (0, 30)


async def test_an_entry_slipped_into_a_finished_day_is_named(
    farout: Farout, auth_owner: Connection, sealed: list[int]
) -> None:
    forged = await auth_owner.fetchval(
        "INSERT INTO audit_log (at, action) VALUES ($1::date::timestamp AT TIME ZONE 'UTC', 'x')"
        " RETURNING id",
        DAYS[1],
    )
    await seal(farout.auth)

    assert (await verify(farout.auth)).problems == [f"{DAYS[1]}: entry {forged} was added later."]


async def test_an_entry_whose_transaction_commits_late_is_chained_too(
    farout: Farout, auth_owner: Connection, sealed: list[int]
) -> None:
    """Ids are given out before the commit, so a lower one may turn up after a higher one."""
    await auth_owner.execute(
        "INSERT INTO audit_log (id, action) OVERRIDING SYSTEM VALUE VALUES ($1, 'late')",
        sealed[0] - 1,
    )
    verdict = await verify(farout.auth)
    assert (verdict.unsealed, verdict.problems) == (1, [])

    assert await seal(farout.auth) == 1

    verdict = await verify(farout.auth)
    assert (verdict.unsealed, verdict.entries, verdict.problems) == (0, 31, [])


async def test_five_sealers_at_once_beside_writers_make_one_chain(
    farout: Farout, auth_owner: Connection
) -> None:
    refused = 0

    async def write(name: str) -> None:
        nonlocal refused
        for number in range(10):
            wrong = {"identifier": f"{name} {number}", "password": "y"}
            answer = await farout.browser().post("/auth/login", json=wrong)
            # A busy machine may answer 503 before it has looked, and then nothing is written.
            refused += answer.status_code == 401

    async def keep_sealing() -> int:
        return sum([await seal(farout.auth) for _ in range(5)])

    await asyncio.gather(*(write(name) for name in "abc"), *(keep_sealing() for _ in range(5)))
    await seal(farout.auth)

    written = await auth_owner.fetchval("SELECT count(*) FROM audit_log")
    verdict = await verify(farout.auth)
    assert (verdict.entries, verdict.unsealed, verdict.problems) == (written, 0, [])
    failures = await auth_owner.fetchval(
        "SELECT count(*) FROM audit_log WHERE action = 'sign_in.failed'"
    )
    assert failures == refused > 0


async def test_the_service_itself_can_change_no_entry_and_no_link(farout: Farout) -> None:

    for statement in ("UPDATE audit_links SET hash = ''", "DELETE FROM audit_links"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with farout.auth.database.transaction() as db:
                await db.execute(text(statement))


async def test_a_dump_does_not_hold_what_one_needs_to_forge_a_chain(
    auth_owner: Connection, sealed: list[int]
) -> None:
    seals = await auth_owner.fetch("SELECT key FROM audit_seals")

    assert len({row["key"] for row in seals}) == 3
    assert all(len(row["key"]) > 32 + 12 for row in seals)
    details = await auth_owner.fetchval("SELECT details FROM audit_log LIMIT 1")
    assert json.loads(details) == {"of": 1.5}


async def test_the_service_seals_by_itself(
    farout: Farout, auth_owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.auth.housekeeping.INTERVAL_SECONDS", 0)
    await farout.browser().post("/auth/login", json={"identifier": "x", "password": "y"})

    async with asyncio.timeout(10), housekeeping(farout.auth):
        while not await auth_owner.fetchval("SELECT count(*) FROM audit_links"):
            continue

    assert (await verify(farout.auth)).entries == 1


async def test_the_command_names_what_is_wrong_and_ends_with_status_1(
    auth_owner: Connection, sealed: list[int], migrated: Server
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
        "DISCORD_CLIENT_ID": "1",
        "DISCORD_CLIENT_SECRET": "not used here",
        "ENCRYPTION_KEYS": KEY,
    }

    async def verify_by_command() -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "backend", "audit", "verify", env=environment, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()

    assert await verify_by_command() == (
        0,
        "30 entries of 3 days checked, 0 not sealed yet, 0 emptied with their person, 0 problems.\n",
    )
    await auth_owner.execute("UPDATE audit_log SET action = 'x' WHERE id = $1", sealed[3])

    status, printed = await verify_by_command()

    assert status == 1
    assert f"entry {sealed[3]} was changed." in printed
