"""What an operation cost: CPU from /proc, statements from pg_stat_statements."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

DATABASES = ["farout_auth", "farout"]
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
_CONTROL = re.compile(
    # The last one is the heartbeat of whoever listens, a few times a second whatever else goes on.
    r"(begin|start transaction|commit|rollback|savepoint|release|set|show)\b|select \$1$",
    re.I,
)
_READ = """
SELECT s.query, sum(s.calls)::bigint AS calls, sum(s.total_exec_time) AS exec_ms,
    sum(s.shared_blks_hit + s.shared_blks_read)::bigint AS buffers
FROM pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.userid
WHERE d.datname = ANY ($1) AND r.rolname <> current_user
GROUP BY s.query ORDER BY calls DESC, s.query
"""


_SCANNED = """
SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables
WHERE relname IN ('users', 'account_security', 'sessions', 'members')
"""


@dataclass(frozen=True)
class Statement:
    """One statement's part in a phase."""

    query: str
    calls: int
    exec_ms: float
    buffers: int

    @property
    def is_control(self) -> bool:
        """BEGIN, COMMIT and the like: a round trip, but no work."""
        return _CONTROL.match(self.query) is not None


def cpu_ms(root: int) -> float:
    """User and system time of a process, its descendants, and its children that have ended."""
    total = 0
    for pid in _tree(root):
        if fields := _stat(pid):
            total += sum(int(field) for field in fields[11:15])
    return total * _TICK_MS


def parent_of(pid: int) -> int:
    fields = _stat(pid)
    if fields is None:
        raise ProcessLookupError(pid)
    return int(fields[1])


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            children.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat after the name, which may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


@dataclass(frozen=True)
class Work:
    """What PostgreSQL did in a phase: statements, and rows read by scanning a whole table."""

    statements: list[Statement]
    scanned_rows: int


class Queries:
    """What the service's roles asked of both databases."""

    def __init__(
        self,
        auth: "asyncpg.Connection[asyncpg.Record]",
        community: "asyncpg.Connection[asyncpg.Record]",
    ) -> None:
        self._auth = auth
        self._owners = (auth, community)
        self._scanned = 0

    async def begin(self) -> None:
        await self._auth.execute("CHECKPOINT")
        for owner in self._owners:
            # What this program itself has scanned is counted now, not in the middle of the phase.
            await owner.execute("SELECT pg_stat_force_next_flush()")
        self._scanned = await self._read_scanned()
        await self._auth.execute("SELECT pg_stat_statements_reset()")

    async def end(self) -> Work:
        rows = await self._auth.fetch(_READ, DATABASES)
        statements = [
            Statement(" ".join(row["query"].split()), row["calls"], row["exec_ms"], row["buffers"])
            for row in rows
        ]
        return Work(statements, await self._read_scanned() - self._scanned)

    async def _read_scanned(self) -> int:
        return sum([int(await owner.fetchval(_SCANNED)) for owner in self._owners])
