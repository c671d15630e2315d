"""Run the benchmarks: ``python -m bench --help``."""

import argparse
import asyncio
import contextlib
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console

from backend.devtools.postgres import ClusterProblem
from bench.mirror import MirrorFigures
from bench.phases import Bench, Figures, Options, WorkNotDone
from bench.report import find_goals, find_growth, print_report
from bench.servers import StartFailed, running_lab

console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main() -> int:
    arguments = _parse()
    if not Path("/proc/self/stat").exists():
        console.print("The benchmarks read CPU times from /proc, so they need Linux.")
        return 1
    options = Options(arguments.seconds, arguments.logins, sorted(arguments.users))
    try:
        figures, mirror = asyncio.run(_run(options))
    except (ClusterProblem, StartFailed, WorkNotDone) as problem:
        console.print(str(problem), style="red", markup=False)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped.")
        return 130
    print_report(console, figures, mirror)
    if arguments.json is not None:
        arguments.json.write_bytes(_as_json(figures, mirror))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--seconds", type=float, default=15, help="of session checks, for each of the two")
    add("--logins", type=int, default=1000, help="of each kind, at each number of users")
    add(
        "--users",
        type=int,
        nargs="+",
        default=[1_000, 100_000],
        help="numbers of users who are there already; the logins are measured at each",
    )
    add("--json", type=Path, metavar="FILE", help="write every figure to this file, too")
    return parser.parse_args()


async def _run(options: Options) -> tuple[list[Figures], MirrorFigures]:
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with running_lab() as lab:
        bench = Bench(lab, options)
        return await bench.run(), await bench.run_mirror()


def _as_json(figures: list[Figures], mirror: MirrorFigures) -> bytes:
    document = {
        "figures": [asdict(one) for one in figures],
        "growth": [asdict(one) for one in find_growth(figures)],
        "mirror": asdict(mirror),
        "goals": [asdict(one) for one in find_goals(figures, mirror)],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


if __name__ == "__main__":
    sys.exit(main())
