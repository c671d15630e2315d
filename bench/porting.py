"""How long an export and an import of a community take: ``python -m bench.porting --members N``.

Each runs as the command that an operator would start, in a process of its own, whose greatest
memory is the kernel's own figure (Linux).
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

from backend.devtools.fill.actions import fill
from backend.devtools.postgres import OWNER, Cluster, Passwords
from backend.schema.histories import AUTH, COMMUNITY

# What an import brings back, and what hangs on it. The mirror stays: it is auth's.
_WIPE = """
TRUNCATE score_tally, scores, season_standings, seasons, departures, returns, award_grants, awards,
    member_counters, counter_changes, counters, completion_revocations, completions, rank_changes,
    training_instructors, attendance, signups, occurrence_slots, reports, occurrences,
    training_prerequisites, trainings, missions, members, import_runs CASCADE
"""
_COUNT = "SELECT (SELECT count(*) FROM members), (SELECT count(*) FROM completions)"


def _run(cluster: Cluster, what: str, *arguments: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": cluster.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": cluster.url("farout_sync", "farout"),
    }
    command = [sys.executable, "-m", "backend", "community", *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    _print(what, seconds, used, process.returncode)


def _print(what: str, seconds: float, used: resource.struct_rusage, status: int) -> None:
    own = used.ru_utime + used.ru_stime
    print(
        f"{what:24}{seconds:>9.1f} s{own:>9.1f} s CPU{used.ru_maxrss / 1024:>9.0f} MB"
        f"{'' if status == 0 else f'  status {status}'}",
        flush=True,
    )


async def _prepare(cluster: Cluster, members: int) -> None:
    urls = (cluster.url(OWNER, "farout_auth"), cluster.url(OWNER, "farout"))
    await AUTH.upgrade(urls[0])
    await COMMUNITY.upgrade(urls[1])
    await fill(*urls, members, tell=lambda stage: None)


async def _ask(cluster: Cluster, statement: str) -> str:
    owner = await asyncpg.connect(cluster.url(OWNER, "farout"))
    try:
        return str(tuple(await owner.fetchrow(statement) or ()))
    finally:
        await owner.close()


def _measure(cluster: Cluster, home: Path, members: int, formats: list[str]) -> None:
    asyncio.run(_prepare(cluster, members))
    before = asyncio.run(_ask(cluster, _COUNT))
    print(f"(members, completions): {before}")
    print(f"{'':24}{'time':>11}{'own':>11}{'most memory':>16}")
    files = [home / f"community.{one}" for one in formats]
    for path in files:
        _run(cluster, f"export {path.suffix[1:]}", "export", str(path))
        print(f"{'':24}{path.stat().st_size / 1e6:>9.0f} MB written", flush=True)
    for path in files:
        asyncio.run(_ask(cluster, _WIPE))
        _run(cluster, f"import {path.suffix[1:]}", "import", str(path))
        assert asyncio.run(_ask(cluster, _COUNT)) == before
    _run(cluster, "import it again", "import", str(files[0]))
    _run(cluster, "check-projection", "check-projection")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", default=["jsonl", "zip"], choices=["jsonl", "zip"])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="farout-bench-") as home:
        cluster = Cluster(Path(home) / "postgres", Passwords(), durable=False)
        cluster.start()
        try:
            _measure(cluster, Path(home), wanted.members, wanted.formats)
        finally:
            cluster.destroy()


if __name__ == "__main__":
    main()
