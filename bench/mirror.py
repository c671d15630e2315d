"""How quickly a change of a user is seen in the mirror, with ``farout worker`` as its own process."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.servers import ROOT, Lab

CHANGES_A_SECOND = 100
SECONDS = 20
_LOOK_SECONDS = 0.005


@dataclass(frozen=True)
class MirrorFigures:
    """Times from the commit in farout_auth to the row that another connection sees in farout."""

    backlog: int
    backlog_seconds: float
    changes: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_ms: float
    # An emptied mirror made anew by `farout sync reconcile`, the start of the command included.
    rebuilt: int
    rebuild_seconds: float


async def measure_mirror(lab: Lab) -> MirrorFigures:
    """Let a worker empty the outbox, then change users at a steady rate and watch the mirror."""
    backlog: int = await lab.auth.fetchval("SELECT count(*) FROM outbox")
    started = time.perf_counter()
    async with _worker(lab):
        while await lab.auth.fetchval("SELECT true FROM outbox LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        backlog_seconds = time.perf_counter() - started
        lags = sorted(await _lags(lab))
    rebuilt, rebuild_seconds = await _rebuild(lab)
    return MirrorFigures(
        backlog=backlog,
        backlog_seconds=backlog_seconds,
        changes=len(lags),
        p50_ms=_quantile(lags, 0.5),
        p95_ms=_quantile(lags, 0.95),
        p99_ms=_quantile(lags, 0.99),
        longest_ms=lags[-1],
        rebuilt=rebuilt,
        rebuild_seconds=rebuild_seconds,
    )


async def _rebuild(lab: Lab) -> tuple[int, float]:
    await lab.community.execute("TRUNCATE userbase")
    started = time.perf_counter()
    child = await _start(lab, "sync", "reconcile")
    await child.wait()
    seconds = time.perf_counter() - started
    return await lab.community.fetchval("SELECT count(*) FROM userbase"), seconds


async def _lags(lab: Lab) -> list[float]:
    waiting: dict[int, tuple[str, float]] = {}
    lags: list[float] = []
    is_over = asyncio.Event()
    watching = asyncio.create_task(_watch(lab, waiting, lags, is_over))
    users = await lab.auth.fetch("SELECT id FROM users ORDER BY id LIMIT 2000")
    begun = time.perf_counter()
    for number in range(CHANGES_A_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / CHANGES_A_SECOND - time.perf_counter()))
        user_id, email = users[number % len(users)]["id"], f"lag-{number}@example.com"
        await lab.auth.execute("UPDATE users SET email = $2 WHERE id = $1", user_id, email)
        waiting[user_id] = (email, time.perf_counter())
    is_over.set()
    await watching
    return lags


async def _watch(
    lab: Lab, waiting: dict[int, tuple[str, float]], lags: list[float], is_over: asyncio.Event
) -> None:
    """Look for the changes that are still waited for, every few milliseconds."""
    while waiting or not is_over.is_set():
        rows = await lab.community.fetch(
            "SELECT user_id, email FROM userbase WHERE user_id = ANY ($1::bigint[])", list(waiting)
        )
        now = time.perf_counter()
        for row in rows:
            email, committed = waiting[row["user_id"]]
            if row["email"] == email:
                del waiting[row["user_id"]]
                lags.append((now - committed) * 1000)
        await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _worker(lab: Lab) -> AsyncIterator[None]:
    child = await _start(lab, "worker")
    try:
        yield
    finally:
        child.terminate()
        await child.wait()


async def _start(lab: Lab, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend", *arguments,
        cwd=lab.home,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **lab.environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
