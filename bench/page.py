"""Put measured tables into docs/benchmarks.md, between the comments that mark their places.

    python -m bench.page --bench bench.json --peers peers.txt --peers-100000 more.txt

The first file is what ``python -m bench --json`` writes, the others what the peer benchmark prints.
A table whose file is not given stays as it is.
"""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.report import describe

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def put(page: str, place: str, lines: Iterable[str]) -> str:
    """Replace what stands between ``<!-- place: begin -->`` and ``<!-- place: end -->``."""
    begin, end = f"<!-- {place}: begin -->\n", f"\n<!-- {place}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no place for {place}")
    return before + begin + "\n".join(lines) + end + after


def phases(figures: list[dict[str, Any]]) -> list[str]:
    return _table(
        "phase | users there | n | ops/s | p50 ms | p95 ms | p99 ms | server CPU ms"
        " | PostgreSQL CPU ms | SQL | without BEGIN/COMMIT | rows scanned",
        (
            f"{one['phase']} | {one['users']:,} | {one['n']:,} | {one['ops_a_second']:,.0f}"
            f" | {one['p50']:.1f} | {one['p95']:.1f} | {one['p99']:.1f} | {one['server_ms']:.3f}"
            f" | {one['postgres_ms']:.3f} | {one['statements']:.1f}"
            f" | {one['work_statements']:.1f} | {one['scanned_rows']:,.0f}"
            for one in figures
        ),
    )


def growth(statements: list[dict[str, Any]]) -> list[str]:
    return _table(
        "phase | statement | time, us | buffers | buffers, factor",
        (
            f"{one['phase']} | {describe(one['query'])}"
            f" | {one['microseconds'][0]:.0f} to {one['microseconds'][1]:.0f}"
            f" | {one['buffers'][0]:.1f} to {one['buffers'][1]:.1f}"
            f" | {one['buffers'][1] / max(1.0, one['buffers'][0]):.2f}"
            for one in statements
        ),
    )


def mirror(found: dict[str, Any]) -> list[str]:
    rate = found["backlog"] / max(found["backlog_seconds"], 0.001)
    return _table(
        "what | n | a second | p50 ms | p95 ms | p99 ms | longest ms",
        (
            f"backlog | {found['backlog']:,} | {rate:,.0f} | | | | ",
            f"steady changes | {found['changes']:,} | 100 | {found['p50_ms']:.1f}"
            f" | {found['p95_ms']:.1f} | {found['p99_ms']:.1f} | {found['longest_ms']:.1f}",
        ),
    )


def goals(found: list[dict[str, Any]]) -> list[str]:
    return _table(
        "goal | found | wanted | verdict",
        (
            f"{one['what']} | {one['found']} | {one['wanted']}"
            f" | {'met' if one['is_met'] else '**missed**'}"
            for one in found
        ),
    )


def peers(printed: str) -> list[str]:
    """Return the table, and what failed, out of what the peer benchmark printed."""
    return [line for line in printed.splitlines() if re.match(r"\||FAILED", line)]


def _table(headings: str, rows: Iterable[str]) -> list[str]:
    rule = "|".join("--" for _ in headings.split("|"))
    return [f"| {headings} |", f"|{rule}|", *(f"| {row} |" for row in rows)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    for name in ("--bench", "--peers", "--peers-100000"):
        parser.add_argument(name, type=Path, metavar="FILE")
    given = parser.parse_args()
    page = PAGE.read_text()
    if given.bench:
        document = json.loads(given.bench.read_text())
        page = put(page, "make bench", phases(document["figures"]))
        page = put(page, "growth", growth(document["growth"]))
        page = put(page, "mirror", mirror(document["mirror"]))
        page = put(page, "goals", goals(document["goals"]))
    if given.peers:
        page = put(page, "peers", peers(given.peers.read_text()))
    if given.peers_100000:
        page = put(page, "peers 100000", peers(given.peers_100000.read_text()))
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
