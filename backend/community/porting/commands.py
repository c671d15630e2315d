"""``farout community export`` and ``import``: members with everything that they have done."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from backend.community.porting.actions import Result, Wish, import_file
from backend.community.porting.errors import FileUnwritable
from backend.community.porting.exports import Format, export
from backend.community.porting.handlers.outcomes import Action
from backend.community.porting.inspection import open_source
from backend.community.porting.sections import SECTIONS
from backend.community.projection.commands import open_community

commands = typer.Typer()
console = Console(highlight=False, soft_wrap=True)


@commands.command(name="export")
def export_community(
    path: Annotated[Path, typer.Argument(help="Where to write: .jsonl, or .zip for CSV.")],
    chosen: Annotated[
        Format | None, typer.Option("--format", help="By the name of the file, if left out.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write members, their records, careers and awards, and the catalogues, into one file."""
    if path.exists() and not path.is_file():
        raise typer.BadParameter(f"{path} is no file that can be written over")
    if path.exists() and not force:
        raise typer.BadParameter(f"{path} is there already; --force writes over it")
    _need_folder(path)
    wanted = chosen or (Format.CSV if path.suffix == ".zip" else Format.JSON)
    written = asyncio.run(_export(path, wanted))
    console.print(f"{written} rows written to {path}.", markup=False)


async def _export(path: Path, wanted: Format) -> int:
    """Write beside the file first: what has its name is always whole, and nobody else's to read."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    written = 0
    async with open_community() as community:
        with _bar("rows") as progress:
            task = progress.add_task("exporting", total=None)

            def show(section: str, rows: int) -> None:
                nonlocal written
                written += rows
                progress.update(task, completed=written, description=section)

            try:
                descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    async for chunk in export(community.database, wanted, on_progress=show):
                        file.write(chunk)
                beside.replace(path)
            except OSError as error:
                raise FileUnwritable(path, error) from error
            finally:
                with suppress(OSError):
                    beside.unlink(missing_ok=True)
    return written


@commands.command(name="import")
def import_community(
    path: Annotated[Path, typer.Argument(help="A .jsonl, .zip or .csv file, or a folder of CSV.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do all of it, report it, and take it back.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if any row cannot be imported.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a line for each row: .csv, or JSON Lines.")
    ] = None,
    section: Annotated[
        str | None, typer.Option(help=f"What a single CSV file holds: {', '.join(SECTIONS)}.")
    ] = None,
) -> None:
    """Read in what was exported, or a spreadsheet. Status 1: some rows could not be imported.

    An interrupted import goes on where it stopped when it is started again with the same file.
    """
    if report is not None:
        _need_folder(report)
    wish = Wish(dry_run=dry_run, strict=strict, report=report)
    result = asyncio.run(_import(path, section, wish))
    _print(result, wish)
    if result.count(Action.ERROR) or result.stopped:
        raise typer.Exit(1)


async def _import(path: Path, section: str | None, wish: Wish) -> Result:
    source = open_source(path, section)
    async with open_community() as community:
        with _bar("rows") as progress:
            task = progress.add_task("reading", total=None)
            result = await import_file(
                community.database,
                source,
                wish,
                on_progress=lambda what, done, total: progress.update(
                    task, description=what, completed=done, total=total or None
                ),
            )
    for remark in source.remarks:
        console.print(remark, markup=False)
    return result


def _need_folder(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}")


def _print(result: Result, wish: Wish) -> None:
    if result.resumed_at:
        console.print(f"Went on behind {result.resumed_at} rows that were done before.")
    console.print(_table(result))
    for one in result.first_errors:
        where = f"{one.record.file}:{one.record.line}"
        what = " ".join(part for part in (one.outcome.field, one.outcome.reason) if part)
        console.print(f"{where}: {what}", markup=False)
    errors = result.count(Action.ERROR)
    if errors > len(result.first_errors):
        hint = f"all of them are in {wish.report}" if wish.report else "--report FILE names all"
        console.print(f"{errors} rows could not be imported; {hint}.", markup=False)
    if wish.dry_run:
        console.print("Nothing was written: this was a dry run.")
    elif result.stopped:
        console.print("Nothing was written, because of --strict.")


def _table(result: Result) -> Table:
    table = Table(box=None)
    table.add_column("section")
    for action in Action:
        table.add_column(_HEADINGS[action], justify="right")
    for section in ("file", *SECTIONS):
        counts: Sequence[int] = [result.count(action, section) for action in Action]
        if any(counts):
            table.add_row(section, *(str(count) for count in counts))
    return table


_HEADINGS = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.UNCHANGED: "unchanged",
    Action.ERROR: "errors",
}


def _bar(what: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(what),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
