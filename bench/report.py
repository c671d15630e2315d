"""The tables a run ends with, and what they say about the goals."""

import re
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.meters import Statement
from bench.mirror import MirrorFigures
from bench.phases import Figures

CHECK_GOAL = 3.0
# The same ratio when every check asked the database (docs/benchmarks.md of that time).
CHECK_BEFORE_THE_CACHE = 2.48
LAG_GOAL_MS = 500.0
# Each session is asked for once; the listener's heartbeat is a statement now and then.
CACHED = 0.1
STATEMENTS_GOAL = 6.0
# A B-tree over a hundred times the rows is a level or so higher; a scan is a hundred times longer.
GROWTH_GOAL = 1.5
SCANNED_GOAL = 1
_TOUCHED = re.compile(r"\b(INSERT INTO|(?<!DO )(?<!FOR )UPDATE|DELETE FROM) (\w+)")
_LOGINS = ("first login", "returning login")


@dataclass(frozen=True)
class Goal:
    what: str
    found: str
    wanted: str
    is_met: bool


@dataclass(frozen=True)
class Growth:
    """One login statement at the smallest and the largest number of users."""

    phase: str
    query: str
    microseconds: tuple[float, float]
    buffers: tuple[float, float]

    @property
    def factor(self) -> float:
        return self.buffers[1] / max(1.0, self.buffers[0])


def find_growth(figures: list[Figures]) -> list[Growth]:
    """Pair each statement of the logins with itself at the other size."""
    found = []
    for phase in _LOGINS:
        sizes = [one for one in figures if one.phase == phase]
        small, large = sizes[0], sizes[-1]
        before = {one.query: one for one in small.detail}
        for after in large.detail:
            first = before.get(after.query)
            # A handful of calls is a retry or a connection being made, not the login.
            if first is not None and not after.is_control and after.calls * 2 > large.n:
                found.append(
                    Growth(
                        phase,
                        after.query,
                        (_microseconds(first), _microseconds(after)),
                        (first.buffers / first.calls, after.buffers / after.calls),
                    )
                )
    return found


def find_goals(figures: list[Figures], mirror: MirrorFigures) -> list[Goal]:
    by_phase = {one.phase: one for one in figures}
    bare, farout = by_phase["check, bare app"], by_phase["check, Farout"]
    ratio = farout.server_ms / bare.server_ms
    goals = [
        Goal(
            "session check, CPU of the server beside the bare app's",
            f"{ratio:.2f} x",
            f"at most {CHECK_GOAL:.0f} x",
            ratio <= CHECK_GOAL,
        ),
        Goal(
            "that ratio beside the one when every check asked the database",
            f"{ratio:.2f} x, then {CHECK_BEFORE_THE_CACHE} x",
            "less",
            ratio < CHECK_BEFORE_THE_CACHE,
        ),
        Goal(
            "session check that is answered from memory, SQL statements",
            f"{farout.work_statements:.2f}",
            "none",
            farout.work_statements < CACHED,
        ),
        Goal(
            "from the commit in farout_auth to the mirror, p99 at 100 changes a second",
            f"{mirror.p99_ms:.0f} ms",
            f"under {LAG_GOAL_MS:.0f} ms",
            mirror.p99_ms < LAG_GOAL_MS,
        ),
    ]
    for phase in _LOGINS:
        count = by_phase[phase].work_statements
        goals.append(
            Goal(
                f"{phase}, SQL statements",
                f"{count:.2f}",
                f"at most {STATEMENTS_GOAL:.0f}",
                count <= STATEMENTS_GOAL + 0.05,
            )
        )
    scanned = max(one.scanned_rows for one in figures if one.phase in _LOGINS)
    goals.append(
        Goal(
            "rows a login reads by scanning a whole table of accounts, at any number of users",
            f"{scanned:.1f}",
            f"fewer than {SCANNED_GOAL}",
            scanned < SCANNED_GOAL,
        )
    )
    if len({one.users for one in figures}) > 1:
        worst = max((one.factor for one in find_growth(figures)), default=0.0)
        goals.append(
            Goal(
                "buffers touched by a login statement, largest beside smallest number of users",
                f"{worst:.2f} x",
                f"at most {GROWTH_GOAL} x",
                0 < worst <= GROWTH_GOAL,
            )
        )
    return goals


def print_report(console: Console, figures: list[Figures], mirror: MirrorFigures) -> None:
    console.print(_phases_table(figures))
    sizes = sorted({one.users for one in figures})
    if len(sizes) > 1:
        console.print(_growth_table(find_growth(figures), (sizes[0], sizes[-1])))
    console.print(_mirror_table(mirror))
    console.print(_goals_table(find_goals(figures, mirror)))


def _mirror_table(mirror: MirrorFigures) -> Table:
    table = Table(title="From farout_auth to the mirror", title_justify="left")
    for name in ("what", "n", "a second", "p50 ms", "p95 ms", "p99 ms", "longest ms"):
        table.add_column(name, justify="left" if name == "what" else "right")
    rate = mirror.backlog / max(mirror.backlog_seconds, 0.001)
    table.add_row("backlog", f"{mirror.backlog:,}", f"{rate:,.0f}", "", "", "", "")
    table.add_row(
        "steady changes",
        f"{mirror.changes:,}",
        "100",
        f"{mirror.p50_ms:.1f}",
        f"{mirror.p95_ms:.1f}",
        f"{mirror.p99_ms:.1f}",
        f"{mirror.longest_ms:.1f}",
    )
    rate = mirror.rebuilt / mirror.rebuild_seconds
    table.add_row("emptied mirror rebuilt", f"{mirror.rebuilt:,}", f"{rate:,.0f}", "", "", "", "")
    return table


def _phases_table(figures: list[Figures]) -> Table:
    table = Table(title="What one operation costs", title_justify="left")
    for name in ("phase", "users there", "n"):
        table.add_column(name, justify="left" if name == "phase" else "right")
    for name in (
        "ops/s", "p50 ms", "p95 ms", "p99 ms", "server CPU ms", "PostgreSQL CPU ms",
        "SQL", "without BEGIN/COMMIT", "rows scanned",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for one in figures:
        table.add_row(
            one.phase,
            f"{one.users:,}",
            f"{one.n:,}",
            f"{one.ops_a_second:,.0f}",
            *(f"{value:.2f}" for value in (one.p50, one.p95, one.p99)),
            f"{one.server_ms:.3f}",
            f"{one.postgres_ms:.3f}",
            f"{one.statements:.2f}",
            f"{one.work_statements:.2f}",
            f"{one.scanned_rows:,.0f}",
        )
    return table


def _growth_table(growth: list[Growth], sizes: tuple[int, int]) -> Table:
    table = Table(
        title=f"The statements of a login at {sizes[0]:,} and at {sizes[1]:,} users",
        title_justify="left",
    )
    for name in ("phase", "statement"):
        table.add_column(name)
    for name in ("time, us", "buffers touched", "buffers, factor"):
        table.add_column(name, justify="right")
    for one in growth:
        table.add_row(
            one.phase,
            describe(one.query),
            f"{one.microseconds[0]:.0f} -> {one.microseconds[1]:.0f}",
            f"{one.buffers[0]:.1f} -> {one.buffers[1]:.1f}",
            f"{one.factor:.2f}",
        )
    return table


def _goals_table(goals: list[Goal]) -> Table:
    table = Table(title="Goals", title_justify="left")
    for name in ("what", "found", "wanted", ""):
        table.add_column(name)
    for goal in goals:
        verdict = "[green]met[/green]" if goal.is_met else "[bold red]MISSED[/bold red]"
        table.add_row(goal.what, goal.found, goal.wanted, verdict)
    return table


def describe(query: str) -> str:
    """Say what a statement touches: ``insert users``, or its beginning."""
    touched = [f"{verb.split()[0].lower()} {table}" for verb, table in _TOUCHED.findall(query)]
    return ", ".join(touched) or query[:60]


def _microseconds(statement: Statement) -> float:
    return statement.exec_ms / statement.calls * 1000
