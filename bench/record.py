"""How long the record's queries take, with their SQL statements: ``python -m bench.record --members N``."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.audit.origin import Origin
from backend.community.completions.actions import award
from backend.community.completions.queries import list_completions
from backend.community.completions.schemas import NewCompletion
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.community.standings.queries import Board, place_of_member, top
from backend.devtools.fill.actions import fill
from backend.devtools.postgres import OWNER, Cluster, Passwords
from backend.schema.histories import AUTH, COMMUNITY

ROUNDS = 200
WARM_UP = 10
Work = Callable[[AsyncSession, int], Awaitable[Any]]


def _officer() -> Access:
    permissions = frozenset({Permission.COMPLETIONS_AWARD})
    return Access(uid=uuid4(), role="officer", discord_id=None, permissions=permissions)


async def _measure(community: Community, name: str, work: Work) -> None:
    """Time one piece of work inside its transaction, the driver and the ORM included."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    taken: list[float] = []
    event.listen(Engine, "before_cursor_execute", note)
    for number in range(ROUNDS + WARM_UP):
        sent.clear()
        async with community.database.transaction() as db:
            started = time.perf_counter()
            await work(db, number)
            taken.append((time.perf_counter() - started) * 1000)
    event.remove(Engine, "before_cursor_execute", note)
    taken = sorted(taken[WARM_UP:])
    p99 = taken[int(len(taken) * 0.99)]
    print(f"{name:24}{len(sent):>11}{statistics.median(taken):>9.1f} ms{p99:>9.1f} ms")


async def _measure_all(community: Community, owner: Any) -> None:
    mission: UUID = await owner.fetchval("SELECT id FROM missions ORDER BY slug LIMIT 1")
    training: UUID = await owner.fetchval("SELECT id FROM trainings ORDER BY slug LIMIT 1")
    members = await owner.fetch("SELECT id, discord_id FROM members ORDER BY hashint8(id)")
    await owner.execute("INSERT INTO missions (slug, title, points) VALUES ('bench', 'Bench', 5)")
    officer = _officer()

    def one(number: int) -> Any:
        return members[number % len(members)]

    points = Board("points", 0)
    work: dict[str, Work] = {
        "newest of a mission": lambda db, _: list_completions(db, mission_id=mission),
        "valid training": lambda db, _: list_completions(db, training_id=training, valid=True),
        "history of a member": lambda db, n: list_completions(
            db, member_id=one(n)["id"], revoked=True
        ),
        "top 50, all time": lambda db, _: top(db, points),
        "top 50, 30 days": lambda db, _: top(db, Board("points", 30)),
        "my place": lambda db, n: place_of_member(db, points, one(n)["id"]),
        "award": lambda db, n: award(
            db, NewCompletion(member=one(n)["discord_id"], mission="bench"), by=officer,
            origin=Origin(),
        ),
    }  # fmt: skip
    print(f"{'':24}{'statements':>11}{'median':>12}{'p99':>12}")
    for name, piece in work.items():
        await _measure(community, name, piece)


async def _run(cluster: Cluster, members: int) -> None:
    urls = (cluster.url(OWNER, "farout_auth"), cluster.url(OWNER, "farout"))
    await AUTH.upgrade(urls[0])
    await COMMUNITY.upgrade(urls[1])
    started = time.perf_counter()
    await fill(*urls, members, tell=print)
    print(f"Filled in {time.perf_counter() - started:.0f} s.\n")
    settings = CommunitySettings(_env_file=None, database_url=cluster.url("farout_app", "farout"))
    community = Community.from_settings(settings)
    owner = await asyncpg.connect(urls[1])
    await _measure_all(community, owner)
    await owner.close()
    await community.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    members = max(parser.parse_args().members, ROUNDS + WARM_UP)
    with tempfile.TemporaryDirectory(prefix="farout-bench-") as home:
        cluster = Cluster(Path(home) / "postgres", Passwords(), durable=False)
        cluster.start()
        try:
            asyncio.run(_run(cluster, members))
        finally:
            cluster.destroy()


if __name__ == "__main__":
    main()
