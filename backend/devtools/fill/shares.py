"""The community's side of a share of the people, in one transaction, as triggers would have left it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import asyncpg

from backend.devtools.fill import record
from backend.devtools.fill.words import OPERATIONS, PLACES, RANKS, ROLES, TRAININGS, slug

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Tell = Callable[[str], None]

MISSIONS = [f"{one} {other}" for one in OPERATIONS for other in PLACES]
MISSION_SLUGS = [slug(title) for title in MISSIONS]
TRAINING_SLUGS = [slug(title) for title, *_ in TRAININGS]
PEOPLE_OF_A_SHARE = 10_000
_SUSPEND_TRIGGERS = "SET session_replication_role = replica"
# For sorting millions of rows, once, on a machine that does nothing else meanwhile. Of a table that
# grows as it is read, the planner knows too little to do better than to look rows up by their index.
_SETTINGS = """
SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'; SET synchronous_commit = off;
SET plan_cache_mode = force_generic_plan; SET jit = off
"""
# Without the documents, which would take longer than all the rest.
_ANALYZE = "ANALYZE members (id, discord_id), completions (member_id), userbase (discord_id)"


@dataclass(frozen=True)
class Shares:
    """Who is to be made by how many connections, and who awarded all that they did."""

    url: str
    people: int
    officer: UUID | None
    connections: int
    tell: Tell

    async def make_all(self) -> None:
        """Make every share. What another connection began when one fails is undone."""
        places = iter(range(1, self.people + 1, PEOPLE_OF_A_SHARE))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self.connections):
                tasks.create_task(self._make_some(places))

    async def _make_some(self, places: Iterator[int]) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await prepare(connection)
            for place in places:
                async with connection.transaction():
                    await self._make(connection, place)
                done = place // PEOPLE_OF_A_SHARE + 1
                # Statistics of twice as many rows, each time: nobody plans by them for long.
                if done & (done - 1) == 0:
                    await connection.execute(_ANALYZE)
                if done % 10 == 0:
                    self.tell(f"... {done * PEOPLE_OF_A_SHARE:,} of them")
        finally:
            await connection.close(timeout=10)

    async def _make(self, connection: Connection, place: int) -> None:
        await connection.execute(record.SHARE)
        await connection.execute(record.TAKE_SHARE, place, place + PEOPLE_OF_A_SHARE)
        await connection.execute("ANALYZE people")
        await connection.execute(record.MIRROR, timeout=None)
        await connection.execute(record.MEMBERS, list(RANKS), timeout=None)
        await connection.execute(record.INSTRUCTORS)
        await connection.execute(
            record.FLOWN, list(ROLES), MISSION_SLUGS, self.officer, timeout=None
        )
        await connection.execute(record.PASSED, TRAINING_SLUGS, self.officer, timeout=None)
        await connection.execute(record.KUDOS, timeout=None)
        made = [row["id"] for row in await connection.fetch(record.NEW_MEMBERS)]
        for follow in (record.PROFILES, record.SCORES, record.LISTED):
            await connection.execute(follow, made, timeout=None)
        await connection.execute(record.NAME_PARTS, timeout=None)


async def prepare(connection: Connection) -> None:
    """Let a connection of the owner write much, without triggers. Raises InsufficientPrivilegeError."""
    await connection.execute(_SUSPEND_TRIGGERS)
    await connection.execute(_SETTINGS)
