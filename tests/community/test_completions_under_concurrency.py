"""Many writers on one record: nothing lost, nothing twice, the counters exact."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.completions.actions import award, revoke
from backend.community.completions.errors import AlreadyCompleted, AlreadyRevoked
from backend.community.completions.schemas import NewCompletion
from backend.community.projection.commands import compare_all
from backend.database import Database
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection
from tests.fixtures.record import access

WRITERS = 25
AWARDS = 200
MEMBER = "7000"
T = TypeVar("T")


@pytest.fixture
async def database(farout: Farout) -> AsyncIterator[Database]:
    """Yield a connection for each writer, so that they wait for each other's rows and nothing else."""
    database = Database(farout.community.settings.database_url, pool_size=2 * WRITERS)
    yield database
    await database.close()


async def _award_all(database: Database, officer: Access, slugs: Sequence[str]) -> int:
    given = 0
    for slug in slugs:
        new = NewCompletion(member=MEMBER, mission=slug)
        try:
            async with database.transaction() as db:
                await award(db, new, by=officer, origin=Origin())
        except AlreadyCompleted:
            continue
        given += 1
    return given


async def _revoke_all(database: Database, officer: Access, ids: Sequence[UUID]) -> int:
    taken = 0
    for completion_id in ids:
        try:
            async with database.transaction() as db:
                await revoke(db, completion_id, "Was not there.", by=officer, origin=Origin())
        except AlreadyRevoked:
            continue
        taken += 1
    return taken


async def _prepare(owner: Connection, slugs: Sequence[str]) -> None:
    await owner.execute("INSERT INTO members (discord_id, display_name) VALUES ($1, 'x')", MEMBER)
    await owner.executemany(
        "INSERT INTO missions (slug, title, points, minutes) VALUES ($1, 'x', 7, 3)",
        [(slug,) for slug in slugs],
    )


def _shuffled(values: Sequence[T], seed: int) -> list[T]:
    return random.Random(seed).sample(values, len(values))  # noqa: S311


@pytest.mark.slow
async def test_25_writers_of_the_same_200_awards_and_of_their_revocations(
    farout: Farout, database: Database, community_owner: Connection
) -> None:
    officer = access()
    slugs = [f"mission-{number}" for number in range(AWARDS)]
    await _prepare(community_owner, slugs)

    given = await asyncio.gather(
        *(_award_all(database, officer, _shuffled(slugs, one)) for one in range(WRITERS))
    )

    assert sum(given) == AWARDS
    assert await _record(community_owner) == (AWARDS, AWARDS, AWARDS * 7, AWARDS * 3)
    assert await compare_all(farout.community) == (1, [])

    ids = [row["id"] for row in await community_owner.fetch("SELECT id FROM completions")]
    taken = await asyncio.gather(
        *(_revoke_all(database, officer, _shuffled(ids, one)) for one in range(WRITERS))
    )

    assert sum(taken) == AWARDS
    assert await _record(community_owner) == (0, 0, 0, 0)
    assert await compare_all(farout.community) == (1, [])
    assert await community_owner.fetchval("SELECT count(*) FROM audit_log") == 2 * AWARDS


@pytest.mark.slow
async def test_25_writers_of_whom_some_award_and_some_revoke(
    farout: Farout, database: Database, community_owner: Connection
) -> None:
    officer = access()
    slugs = [f"mission-{number}" for number in range(AWARDS)]
    await _prepare(community_owner, slugs)
    await _award_all(database, officer, slugs[:100])
    ids = [row["id"] for row in await community_owner.fetch("SELECT id FROM completions")]

    results = await asyncio.gather(
        *(_award_all(database, officer, _shuffled(slugs[100:], one)) for one in range(13)),
        *(_revoke_all(database, officer, _shuffled(ids[:60], one)) for one in range(12)),
    )

    assert (sum(results[:13]), sum(results[13:])) == (100, 60)
    assert await _record(community_owner) == (140, 140, 140 * 7, 140 * 3)
    assert await compare_all(farout.community) == (1, [])


async def test_the_same_request_25_times_at_once_is_done_once(
    farout: Farout, database: Database, community_owner: Connection
) -> None:
    officer = access()
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name) VALUES ($1, 'x')", MEMBER
    )
    await community_owner.execute("INSERT INTO missions (slug, title) VALUES ('m', 'x')")

    given = await asyncio.gather(*(_award_all(database, officer, ["m"]) for _ in range(25)))

    assert sum(given) == 1


async def _record(owner: Connection) -> tuple[int, int, int, int]:
    row = await owner.fetchrow(
        "SELECT jsonb_array_length(missions_completed) AS entries,"
        " (SELECT count(DISTINCT one -> 'mission_id') FROM jsonb_array_elements(missions_completed)"
        " one) AS missions, stats -> 'counters' ->> 'points' AS points,"
        " stats -> 'counters' ->> 'minutes_in_ops' AS minutes FROM members"
    )
    assert row is not None
    return (
        row["entries"], row["missions"], int(row["points"] or 0), int(row["minutes"] or 0),
    )  # fmt: skip


async def test_a_key_sent_25_times_at_once_is_done_once(
    farout: Farout, community_owner: Connection
) -> None:
    officer = await farout.signed_in(role="officer")
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name) VALUES ($1, 'x')", MEMBER
    )
    await community_owner.execute("INSERT INTO missions (slug, title) VALUES ('m', 'x')")
    body = {"member": MEMBER, "mission": "m"}
    headers = {"Idempotency-Key": str(uuid4())}

    answers = await asyncio.gather(
        *(officer.post("/api/completions", json=body, headers=headers) for _ in range(10))
    )

    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert sum("idempotent-replayed" in one.headers for one in answers) == 9
