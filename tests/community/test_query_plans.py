"""At 20,000 members and some 200,000 entries no list, place or award reads a whole table."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.audit.origin import Origin
from backend.community.completions import actions as completions
from backend.community.completions.queries import list_completions
from backend.community.completions.schemas import NewCompletion
from backend.community.members import directory
from backend.community.members.directory import list_members
from backend.community.members.queries import get_member_here
from backend.community.members.schemas import MemberFilters
from backend.community.occurrences.queries import list_occurrences
from backend.community.side import Community
from backend.community.standings.queries import Board, place_of_member, top
from backend.community.trainings.queries import list_expiring
from backend.devtools.fill.actions import fill
from backend.devtools.postgres import OWNER, Cluster
from backend.schema.histories import AUTH, COMMUNITY
from tests.fixtures.application import community_settings
from tests.fixtures.databases import PASSWORDS, Connection, Server
from tests.fixtures.plans import LARGE, explain, statements_sent
from tests.fixtures.record import access

MEMBERS = 20_000
# What a page of fifty may read from one table to find them: those whom other filters leave out, too.
READ_AT_MOST = 6_000
# What it may read where an index holds exactly those who are wanted: some of them are deactivated.
PAGE_AT_MOST = 120
# Of one table, triggers and foreign keys included: the member's own entries and scores, several times.
AWARD_AT_MOST = 400
# A mission that hardly anybody has done.
FEW = """
INSERT INTO missions (slug, title) VALUES ('few', 'Few');
INSERT INTO completions (member_id, kind, mission_id, slug, title, outcome, completed_at, via)
SELECT members.id, 'mission', missions.id, missions.slug, missions.title, 'success', now(), 'api'
FROM members, missions WHERE missions.slug = 'few' AND members.id % 1000 = 0;
ANALYZE members, achievements, completions
"""
pytestmark = pytest.mark.slow


@dataclass
class Large:
    community: Community
    owner: Connection


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("large"), PASSWORDS, durable=False)
    cluster.start()
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="module")
async def large(cluster: Cluster) -> AsyncIterator[Large]:
    """Yield a community of twenty thousand."""
    server = Server("127.0.0.1", cluster.port, OWNER, PASSWORDS.owner)
    urls = (server.url(OWNER, "farout_auth"), server.url(OWNER, "farout"))
    await AUTH.upgrade(urls[0])
    await COMMUNITY.upgrade(urls[1])
    await fill(*urls, MEMBERS, tell=lambda stage: None)
    community = Community.from_settings(community_settings(server))
    owner = await asyncpg.connect(urls[1])
    await owner.execute(FEW)
    yield Large(community, owner)
    await owner.close()
    await community.close()


async def _a_member(large: Large) -> Any:
    return await large.owner.fetchrow(
        "SELECT id, discord_id FROM members WHERE jsonb_array_length(missions_completed) > 5"
        " ORDER BY id LIMIT 1 OFFSET 1000"
    )


async def _first(large: Large, table: str, slug: str = "") -> UUID:
    found: UUID = await large.owner.fetchval(
        f"SELECT id FROM {table} WHERE slug >= $1 ORDER BY slug LIMIT 1", slug
    )
    return found


@pytest.mark.parametrize(
    "after", [None, ("m", 10_000), ("zora", 0)], ids=["first", "later", "last"]
)
@pytest.mark.parametrize(
    "filters",
    [
        {}, {"sort": "-name"}, {"rank": "captain"}, {"search": "zor"}, {"search": "ara"},
        {"search": "hendricks"}, {"search": "nobody"}, {"search": "ze"}, {"search": "zora zora"},
        {"search": "hendrickson"}, {"search": "ara", "sort": "-name"},
        {"search": "ara", "rank": "captain"}, {"mission": "iron-dawn"}, {"mission": "few"},
        {"training": "radio"}, {"training": "gunnery", "rank": "captain"}, {"training": "none"},
        {"mission": "iron-dawn", "training": "radio"}, {"mission": "few", "search": "ara"},
        {"mission": "iron-dawn", "search": "no"},
    ],
    ids=str,
)  # fmt: skip
async def test_pages_of_the_directory(
    large: Large, filters: dict[str, Any], after: tuple[str, int] | None
) -> None:
    wanted = MemberFilters.model_validate(filters)
    async with large.community.database.transaction() as db:
        with statements_sent() as seen:
            await list_members(db, wanted, after=after, limit=50)

    # One statement for the page, and one that says how to plan it.
    assert len(seen) == 2
    is_exact = not filters or set(filters) in ({"search"}, {"sort"}, {"search", "sort"})
    await explain(large.owner, seen, most=PAGE_AT_MOST if is_exact else READ_AT_MOST)


@pytest.mark.parametrize("sort", ["joined", "-joined", "rank"])
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"search": "ara"},
        {"search": "hendricks"},
        {"search": "an"},
        {"mission": "iron-dawn"},
        {"mission": "few"},
    ],
    ids=str,
)  # fmt: skip
async def test_pages_in_another_order(
    large: Large, filters: dict[str, Any], sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As many more than are sorted as there would be among a million.
    monkeypatch.setattr(directory, "_MOST_SORTED", 500)
    wanted = MemberFilters.model_validate(filters | {"sort": sort})
    async with large.community.database.transaction() as db:
        with statements_sent() as seen:
            await list_members(db, wanted, after=None, limit=50)

    # A search is counted before, up to a bound, if another index than that of the order has names.
    is_counted = len(wanted.search) > (2 if sort == "rank" else 0)
    assert len(seen) == (3 if is_counted else 2)
    await explain(large.owner, seen, most=READ_AT_MOST)


async def test_a_member_and_whether_they_are_here(large: Large) -> None:
    member = await _a_member(large)
    async with large.community.database.transaction() as db:
        with statements_sent() as seen:
            await get_member_here(db, member["discord_id"], or_gone=False)

    assert len(seen) == 2
    await explain(large.owner, seen, most=10)


@pytest.mark.parametrize(
    "kind", ["member", "mission", "training", "valid", "few", "nobody", "nothing", "deep"]
)
async def test_lists_of_the_record(large: Large, kind: str) -> None:
    member = await _a_member(large)
    chosen: dict[str, dict[str, Any]] = {
        "member": {"member_id": member["id"], "revoked": True},
        "mission": {"mission_id": await _first(large, "missions")},
        "training": {"training_id": await _first(large, "trainings")},
        "valid": {"training_id": await _first(large, "trainings"), "valid": True},
        "few": {"mission_id": await _first(large, "missions", "few")},
        "nobody": {"training_id": uuid4()},
        "nothing": {},
        "deep": {"after": UUID("01900000-0000-7000-8000-000000000000")},
    }
    async with large.community.database.transaction() as db:
        with statements_sent() as seen:
            await list_completions(db, **chosen[kind])

    assert len(seen) == 1
    await explain(large.owner, seen, most=PAGE_AT_MOST)


@pytest.mark.parametrize("period", [0, 30, 90, 100])
async def test_leaderboards_and_places(large: Large, period: int) -> None:
    member = await _a_member(large)
    board = Board("points", period)
    async with large.community.database.transaction() as db:
        with statements_sent() as seen:
            first = await top(db, board)
            assert first.last is not None
            await top(db, board, after=first.last)
            await place_of_member(db, board, member["id"])

    # The first page is one statement; a later one asks for two places more.
    assert len(seen) == 1 + 3 + 2
    await explain(large.owner, seen, most=READ_AT_MOST)


async def test_trainings_to_renew_and_dates(large: Large) -> None:
    today = datetime.now(UTC)
    async with large.community.database.transaction() as db:
        with statements_sent() as seen:
            await list_expiring(db, since=today.date(), until=today.date() + timedelta(days=30))
            await list_occurrences(db, since=today)
    await explain(large.owner, seen)


async def _reads(db: AsyncSession) -> dict[str, tuple[int, int]]:
    """Return what PostgreSQL counted of each large table, triggers included: scans, rows by index.

    Its connection may not have handed in what was counted before this transaction.
    """
    counted = await db.execute(
        text("SELECT relname, seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables")
    )
    return {
        row.relname: (row.seq_scan, row.idx_tup_fetch or 0)
        for row in counted
        if row.relname in LARGE
    }


async def test_an_award_writes_without_reading_whole_tables(large: Large) -> None:
    member = await _a_member(large)
    await large.owner.execute(
        "INSERT INTO missions (slug, title, points) VALUES ('fresh', 'x', 5) ON CONFLICT DO NOTHING"
    )
    new = NewCompletion(member=member["discord_id"], mission="fresh")
    async with large.community.database.transaction() as db:
        before = await _reads(db)
        with statements_sent() as seen:
            await completions.award(
                db, new, by=access(discord_id=str(uuid4().int % 10**17)), origin=Origin()
            )
        after = await _reads(db)
    scanned = {table for table, (scans, _) in after.items() if scans > before[table][0]}
    fetched = {table: rows - before[table][1] for table, (_, rows) in after.items()}
    assert not scanned, scanned
    assert max(fetched.values()) <= AWARD_AT_MOST, fetched

    # Members, catalogue, ledger, audit, event, and the entry that is answered.
    assert len(seen) <= 6, [statement for statement, _ in seen]
