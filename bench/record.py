"""How long the record's queries take inside PostgreSQL, and how many SQL statements they are.

``make bench MEMBERS=1000000``, or ``python -m bench.record --members 1000000``. It fills a scratch
cluster, which takes minutes and some 15 kB a member; with ``--at FOLDER`` it stays there for the
next run.
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.devtools.fill.actions import fill
from backend.devtools.postgres import OWNER, Cluster, Passwords
from backend.schema.histories import AUTH, COMMUNITY
from bench.record_work import Work, read_values, work_of

WARM_UP = 20
WANTED_MS = 10.0
# Of a cluster on loopback that may be measured more than once.
PASSWORDS = Passwords(owner="bench", auth_service="bench", app="bench", sync="bench")
# Nobody restores or follows a scratch cluster, and nothing is to clean up before all is there.
FILL_SETTINGS = {
    "shared_buffers": "2GB", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "16GB",
    "checkpoint_timeout": "1h", "autovacuum": "off",
}  # fmt: skip
_USAGE = re.compile(rb"!\s+([0-9.]+) s user, ([0-9.]+) s system, ([0-9.]+) s elapsed")


@dataclass(frozen=True)
class Measured:
    """Milliseconds in PostgreSQL by the clock, and those it had a processor for."""

    name: str
    statements: int
    clock: list[float]
    processor: list[float]

    def row(self) -> str:
        verdict = "met" if _p99(self.clock) < WANTED_MS else "**missed**"
        if _p99(self.processor) < WANTED_MS <= _p99(self.clock):
            verdict = "CPU alone"
        figures = " | ".join(
            f"{one:.2f}"
            for taken in (self.clock, self.processor)
            for one in (statistics.median(taken), _p99(taken), max(taken))
        )
        return f"| {self.name} | {self.statements} | {figures} | {verdict} |"


def _p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]


class ServerLog:
    """PostgreSQL's own account of what each step of each statement took."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def forget(self) -> None:
        self._file.seek(0, os.SEEK_END)

    def milliseconds(self) -> tuple[float, float]:
        """Return the sums of what was logged since: by the clock, and on a processor."""
        clock, processor = 0.0, 0.0
        for user, system, elapsed in _USAGE.findall(self._file.read()):
            clock += float(elapsed) * 1000
            processor += (float(user) + float(system)) * 1000
        return clock, processor


async def measure(
    community: Community, log: ServerLog, name: str, work: Work, rounds: int
) -> Measured:
    """Do one piece of work often, each in its transaction; planning, triggers and COMMIT count."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    taken: list[tuple[float, float]] = []
    counts: set[int] = set()
    event.listen(Engine, "before_cursor_execute", note)
    for number in range(rounds + WARM_UP):
        sent.clear()
        log.forget()
        async with community.database.transaction() as db:
            await work(db, number)
        taken.append(log.milliseconds())
        counts.add(len(sent))
    event.remove(Engine, "before_cursor_execute", note)
    clock, processor = zip(*taken[WARM_UP:], strict=True)
    return Measured(name, max(counts), list(clock), list(processor))


async def measure_all(community: Community, owner: Any, log: ServerLog, rounds: int) -> None:
    values = await read_values(owner, rounds + WARM_UP)
    await owner.execute("VACUUM ANALYZE", timeout=None)
    await owner.execute("CHECKPOINT", timeout=None)
    print(
        "\n| | SQL | p50 ms | p99 ms | longest ms | CPU p50 | CPU p99 | CPU longest | p99 < 10 ms |"
    )
    print("|--|--|--|--|--|--|--|--|--|")
    for name, work in work_of(values).items():
        print((await measure(community, log, name, work, rounds)).row(), flush=True)


async def describe(owner: Any) -> str:
    """Return what was measured on: the sizes, the server, the machine."""
    server = await owner.fetchrow("""
        SELECT (SELECT count(*) FROM members) AS members,
            (SELECT count(*) FROM completions) AS completions,
            pg_size_pretty(pg_database_size('farout')) AS size,
            current_setting('server_version') AS version,
            current_setting('shared_buffers') AS buffers, current_setting('fsync') AS fsync
    """)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{server['members']:,} members, {server['completions']:,} ledger rows, {server['size']};"
        f" PostgreSQL {server['version']}, shared_buffers {server['buffers']},"
        f" fsync {server['fsync']}; {os.cpu_count()} cores, {memory:.0f} GB,"
        f" load average {os.getloadavg()[0]:.1f}."
    )


async def _fill(cluster: Cluster, members: int) -> None:
    urls = (cluster.url(OWNER, "farout_auth"), cluster.url(OWNER, "farout"))
    await AUTH.upgrade(urls[0])
    await COMMUNITY.upgrade(urls[1])
    started = time.perf_counter()

    def tell(stage: str) -> None:
        print(f"{time.perf_counter() - started:6.0f} s  {stage}", flush=True)

    added = await fill(*urls, members, tell=tell)
    tell(f"{added:,} members added.")
    owner = await asyncpg.connect(urls[1])
    await owner.execute("ALTER ROLE farout_app IN DATABASE farout SET log_statement_stats = on")
    await owner.close()


async def _measure(cluster: Cluster, log: Path, rounds: int) -> None:
    settings = CommunitySettings(
        _env_file=None,
        database_url=cluster.url("farout_app", "farout"),
        sync_database_url=cluster.url("farout_sync", "farout"),
    )
    community = Community.from_settings(settings)
    owner = await asyncpg.connect(cluster.url(OWNER, "farout"))
    await measure_all(community, owner, ServerLog(log), rounds)
    print(f"\n{await describe(owner)}")
    await owner.close()
    await community.close()


def run(home: Path, members: int, rounds: int) -> Cluster:
    """Fill quickly, without caring for a crash; then measure a server that cares."""
    cluster = Cluster(home, PASSWORDS, durable=False, settings=FILL_SETTINGS)
    cluster.start()
    asyncio.run(_fill(cluster, members))
    cluster.stop()
    cluster = Cluster(home, PASSWORDS, settings={"shared_buffers": "2GB"})
    cluster.start()
    asyncio.run(_measure(cluster, cluster.log, rounds))
    return cluster


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.record", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=400, help="of each piece of work")
    parser.add_argument("--at", type=Path, metavar="FOLDER", help="keep the cluster there")
    given = parser.parse_args()
    members = max(given.members, 4 * (given.rounds + WARM_UP))
    if given.at is not None:
        run(given.at, members, given.rounds).stop()
        return
    with tempfile.TemporaryDirectory(prefix="farout-bench-") as folder:
        home = Path(folder) / "postgres"
        try:
            run(home, members, given.rounds)
        finally:
            Cluster(home, PASSWORDS).destroy()


if __name__ == "__main__":
    main()
