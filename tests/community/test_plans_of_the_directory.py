"""Every page of the directory is found by an index, whatever is filtered by."""

from typing import Any

import pytest
from sqlalchemy import ClauseElement, Executable
from sqlalchemy.ext.compiler import compiles

from backend.community.members.directory import select_members
from backend.community.members.schemas import MemberFilters
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection


class Explain(Executable, ClauseElement):
    """EXPLAIN of a statement, with its values."""

    inherit_cache = False

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


MEMBERS = """
INSERT INTO members (discord_id, display_name, rank, created_at, stats, missions_completed,
    trainings_completed)
SELECT n::text, md5(n::text), (ARRAY['recruit', 'member', 'veteran', 'captain'])[1 + n % 4],
    now() - n * interval '1 hour',
    jsonb_build_object('v', 1, 'last', jsonb_build_object('active_at', '2026-01-01T00:00:00Z')),
    jsonb_build_array(jsonb_build_object('v', 1, 'slug', 'op-' || n % 2000)),
    jsonb_build_array(jsonb_build_object('v', 1, 'slug', 'course-' || n % 500, 'result', 'pass'))
FROM generate_series(1, 20000) n
"""
USERS = """
INSERT INTO userbase (user_id, uid, discord_id, username, role, is_active, version, tags, plan_tier)
SELECT n, uuidv7(), n::text, md5(n::text),
    CASE WHEN n % 500 = 0 THEN 'officer' ELSE 'member' END, n % 1000 <> 1, n,
    CASE WHEN n % 1000 = 0 THEN '{vip}' ELSE '{}' END::text[],
    CASE WHEN n % 1000 = 0 THEN 'gold' ELSE 'free' END
FROM generate_series(1, 20000) n
"""
FILTERS: list[dict[str, Any]] = [
    {}, {"sort": "-joined"}, {"search": "abc"}, {"search": "abcd"}, {"search": "a"},
    {"mission": "op-7"}, {"training": "course-7", "rank": "captain"}, {"rank": "veteran"},
    {"active_since": "2026-02-01"}, {"joined_since": "2026-11-01", "sort": "joined"},
    {"sort": "rank"}, {"sort": "-rank"}, {"sort": "-rank", "rank": "captain"},
    {"tag": "vip"}, {"plan_tier": "gold"}, {"flag": "maps"}, {"role": "officer"}, {"left": True},
]  # fmt: skip


@pytest.fixture(scope="module")
async def crowd(community_owner: Connection) -> Any:
    await community_owner.execute(MEMBERS + ";" + USERS)
    await community_owner.execute("ANALYZE members, userbase, departures, achievements, name_parts")
    yield
    await community_owner.execute("DELETE FROM members; DELETE FROM userbase")
    await community_owner.execute("VACUUM ANALYZE members")
    await community_owner.execute("VACUUM ANALYZE userbase")


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("after", [None, ("f0", 5)], ids=["first", "later"])
async def test_no_page_reads_all_members(
    crowd: None, running: Farout, filters: dict[str, Any], after: Any
) -> None:
    if after is not None and "joined" in filters.get("sort", ""):
        after = ("2026-11-10T00:00:00+00:00", 5)
    if after is not None and "rank" in filters.get("sort", ""):
        after = (2, "f0", 5)
    wanted = MemberFilters.model_validate(filters)
    statement = select_members(wanted, after=after, limit=51)

    async with running.community.database.transaction() as db:
        rows = (await db.execute(Explain(statement))).all()

    plan = "\n".join(row[0] for row in rows)
    small = plan.replace("Seq Scan on departures", "").replace("Seq Scan on ranks", "")
    assert "Seq Scan on" not in small, plan
