"""The phases of a run: each drives one kind of operation and charges what it cost."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from bench.crowd import fill_up
from bench.driver import Job, Outcome, Ticket
from bench.meters import Queries, Statement, cpu_ms
from bench.mirror import MirrorFigures, measure_mirror
from bench.servers import ROOT, Lab, Server

WARM_UP_LOGINS = 200
WARM_UP_FIRST = 5_000_000
# PGSTAT_MIN_INTERVAL, and a little.
STATISTICS_SECONDS = 1.2
CHECK_CONNECTIONS = 32
SESSIONS = 1_000
ROUNDS = 3


class WorkNotDone(Exception):
    """The figures of a phase would mean nothing."""


@dataclass(frozen=True)
class Figures:
    """What one operation of a phase took; ``users`` is how many were there before."""

    phase: str
    users: int
    n: int
    ops_a_second: float
    p50: float
    p95: float
    p99: float
    server_ms: float
    postgres_ms: float
    statements: float
    work_statements: float
    scanned_rows: float
    detail: list[Statement]


@dataclass(frozen=True)
class Options:
    seconds: float
    logins: int
    users: list[int]


class Bench:
    """One run over a lab."""

    def __init__(self, lab: Lab, options: Options) -> None:
        self._lab = lab
        self._options = options
        self._queries = Queries(lab.auth, lab.community)
        self._users = 0

    async def run(self) -> list[Figures]:
        """Sign-ins at every size, then the session check and the sign-outs at the last one."""
        found: list[Figures] = []
        tickets: list[Ticket] = []
        warm_up = self._sign_ins(WARM_UP_FIRST, WARM_UP_LOGINS)
        await self._drive(warm_up)
        for index, size in enumerate(self._options.users):
            await fill_up(self._lab, size)
            # A connection reports what it scanned with its next transaction after a second or more:
            # that of the warm-up, when the tables were small, must not come with the first login.
            await asyncio.sleep(STATISTICS_SECONDS)
            await self._drive(warm_up)
            self._users = size
            first, again, tickets = await self._sign_in_phases(1 + index * self._options.logins)
            found += [first, again]
        found += await self._check_rounds(tickets[:SESSIONS])
        found.append(await self._sign_out(tickets[:SESSIONS]))
        return found

    async def run_mirror(self) -> MirrorFigures:
        """The way of a change to the mirror, with everybody there whom the phases made."""
        found = await measure_mirror(self._lab)
        if found.rebuilt != await self._count_users():
            raise WorkNotDone(f"farout sync reconcile rebuilt {found.rebuilt} users only")
        return found

    async def _sign_in_phases(self, number: int) -> tuple[Figures, Figures, list[Ticket]]:
        """The same people twice: nobody has seen them, then everybody has."""
        job = self._sign_ins(number, self._options.logins)
        before = await self._count_users()
        first, _ = await self._measure("first login", job, self._lab.farout)
        again, outcome = await self._measure("returning login", job, self._lab.farout)
        if await self._count_users() - before != job.count:
            raise WorkNotDone(f"{job.count} first logins did not make {job.count} users")
        return first, again, outcome.tickets

    async def _check_rounds(self, tickets: list[Ticket]) -> list[Figures]:
        """Bare app and Farout in turn, so that a noisy moment falls on both."""
        bare, farout = self._lab.bare, self._lab.farout
        rounds: dict[str, list[Figures]] = {"check, bare app": [], "check, Farout": []}
        for server in (bare, farout):
            await self._drive(Job("verify", server.base, tickets=tickets))
        for number in range(ROUNDS):
            turns = [("check, bare app", bare), ("check, Farout", farout)]
            for phase, server in turns if number % 2 == 0 else reversed(turns):
                job = Job(
                    "check",
                    server.base,
                    concurrency=CHECK_CONNECTIONS,
                    seconds=self._options.seconds / ROUNDS,
                    tickets=tickets,
                )
                figures, _ = await self._measure(phase, job, server)
                rounds[phase].append(figures)
        return [together(one) for one in rounds.values()]

    async def _sign_out(self, tickets: list[Ticket]) -> Figures:
        job = Job("sign_out", self._lab.farout.base, tickets=tickets)
        figures, _ = await self._measure("sign-out, refused check", job, self._lab.farout)
        return figures

    async def _measure(self, phase: str, job: Job, server: Server) -> tuple[Figures, Outcome]:
        await asyncio.sleep(0.5)  # What the phase before left to do is not charged to this one.
        await self._queries.begin()
        roots = (server.pid, self._lab.postgres_pid)
        before = [cpu_ms(root) for root in roots]
        outcome = await self._drive(job)
        await asyncio.sleep(0.2)  # What was put off until after the answers is.
        server_ms, postgres_ms = (
            cpu_ms(root) - start for root, start in zip(roots, before, strict=True)
        )
        work = await self._queries.end()
        detail = work.statements
        calls = sum(one.calls for one in detail)
        n = outcome.n
        figures = Figures(
            phase=phase,
            users=self._users,
            n=n,
            ops_a_second=n / outcome.elapsed,
            p50=outcome.p50,
            p95=outcome.p95,
            p99=outcome.p99,
            server_ms=server_ms / n,
            postgres_ms=postgres_ms / n,
            statements=calls / n,
            work_statements=sum(one.calls for one in detail if not one.is_control) / n,
            scanned_rows=work.scanned_rows / n,
            detail=detail,
        )
        return figures, outcome

    def _sign_ins(self, first: int, count: int) -> Job:
        return Job("sign_in", self._lab.farout.base, self._lab.discord, first=first, count=count)

    async def _count_users(self) -> int:
        count: int = await self._lab.auth.fetchval("SELECT count(*) FROM users")
        return count

    async def _drive(self, job: Job) -> Outcome:
        """Run the driver as a process of its own; raises WorkNotDone with its first complaint."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.driver",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            answer, _ = await child.communicate(orjson.dumps(asdict(job)))
        except asyncio.CancelledError:
            child.kill()
            raise
        if child.returncode:
            raise WorkNotDone(f"{job.do}: the driver ended with {child.returncode}")
        outcome = _outcome(orjson.loads(answer))
        if outcome.failures or outcome.n == 0:
            raise WorkNotDone(f"{job.do}: {outcome.failures[:1] or 'nothing was done'}")
        return outcome


def together(rounds: list[Figures]) -> Figures:
    """Several rounds of one phase as one: everything weighted by the operations of each."""
    n = sum(one.n for one in rounds)

    def mean(value: Callable[[Figures], float]) -> float:
        return sum(value(one) * one.n for one in rounds) / n

    return replace(
        rounds[-1],
        n=n,
        ops_a_second=n / sum(one.n / one.ops_a_second for one in rounds),
        p50=mean(lambda one: one.p50),
        p95=mean(lambda one: one.p95),
        p99=mean(lambda one: one.p99),
        server_ms=mean(lambda one: one.server_ms),
        postgres_ms=mean(lambda one: one.postgres_ms),
        statements=mean(lambda one: one.statements),
        work_statements=mean(lambda one: one.work_statements),
    )


def _outcome(answer: dict[str, Any]) -> Outcome:
    tickets = [(user, token) for user, token in answer.pop("tickets")]
    return Outcome(**answer, tickets=tickets)
