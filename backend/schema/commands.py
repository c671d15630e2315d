"""``farout db``: migrations and what proves them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from backend.schema.diagram import draw
from backend.schema.histories import with_urls
from backend.schema.ownership import APP, SYNC, Trial, try_ownership
from backend.schema.settings import MigrationSettings
from backend.schema.verify import Verdict, verify
from backend.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="Migrations, and the proof that they hold.")
console = Console(highlight=False, soft_wrap=True)


@commands.command()
def upgrade() -> None:
    """Bring both databases to the newest migration."""
    asyncio.run(upgrade_both(read_settings(MigrationSettings)))


async def upgrade_both(settings: MigrationSettings) -> None:
    """Upgrade auth, then community, saying what happened."""
    for history, url in with_urls(settings):
        before = await history.upgrade(url)
        if before == history.head:
            console.print(f"{history.database}: already at {history.head}")
        else:
            console.print(f"{history.database}: {before or 'empty'} -> {history.head}")


@commands.command()
def downgrade(
    to: Annotated[
        str, typer.Option(help="A revision, -1 for one step, or base for all of it.")
    ] = "-1",
    database: Annotated[
        str | None, typer.Option(help="farout_auth or farout; both when left out.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go back. This drops tables and what is in them, so it asks first."""
    chosen = [
        (history, url)
        for history, url in with_urls(read_settings(MigrationSettings))
        if database in (None, history.database)
    ]
    if not chosen:
        raise typer.BadParameter("is farout_auth or farout", param_hint="--database")
    names = " and ".join(history.database for history, _ in chosen)
    if not yes:
        typer.confirm(f"This drops tables of {names} with all their rows. Go on?", abort=True)
    for history, url in chosen:
        asyncio.run(history.downgrade(url, to))
        console.print(f"{history.database}: went back to {to}")


@commands.command()
def check() -> None:
    """Say whether both databases are at the newest migration and the models need no other."""
    asyncio.run(_check())


async def _check() -> None:
    wrong = False
    for history, url in with_urls(read_settings(MigrationSettings)):
        revision = await history.revision(url)
        if revision != history.head:
            wrong = True
            console.print(
                f"{history.database}: at {revision or 'nothing'}, newest is {history.head};"
                " run `farout db upgrade`"
            )
        elif drift := await history.find_drift(url):
            wrong = True
            console.print(f"{history.database}: {drift}")
        else:
            console.print(f"{history.database}: at {revision}, in step with the models")
    if wrong:
        raise typer.Exit(1)


@commands.command(name="verify")
def verify_both() -> None:
    """Compare tables, columns, indexes, constraints, triggers and grants with the models.

    Who may write which field of the mirror is proved by trying; the tries are undone.
    """
    asyncio.run(_verify())


async def _verify() -> None:
    settings = read_settings(MigrationSettings)
    verdicts = [await verify(history, url) for history, url in with_urls(settings)]
    for verdict in verdicts:
        console.print(_summary(verdict))
        for item in sorted(verdict.missing):
            console.print(f"  missing     {item.kind} {item.name}  {item.definition}")
        for item in sorted(verdict.unexpected):
            console.print(f"  unexpected  {item.kind} {item.name}  {item.definition}")
    trials = await try_ownership(settings.migration_database_url)
    console.print(_ownership(trials))
    if not all(verdict.is_equal for verdict in verdicts):
        console.print("The databases differ from the models.")
        raise typer.Exit(1)
    if not all(trial.is_right for trial in trials):
        console.print("A role may write what it does not own, or may not write what it owns.")
        raise typer.Exit(1)
    console.print("Each field of the mirror has its one writer.")
    console.print("Both databases are what the models say.")


def _summary(verdict: Verdict) -> Table:
    table = Table(title=verdict.database, title_justify="left", show_edge=False)
    for heading in ("what", "as the models say", "missing", "unexpected"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    counts = [
        Counter(item.kind for item in items)
        for items in (verdict.right, verdict.missing, verdict.unexpected)
    ]
    for kind in sorted(set().union(*counts)):
        table.add_row(kind, *(str(count[kind]) for count in counts))
    return table


def _ownership(trials: Sequence[Trial]) -> Table:
    table = Table(title="userbase, by trying", title_justify="left", show_edge=False)
    for heading in ("statement", APP, SYNC):
        table.add_column(heading)
    answers: dict[str, dict[str, str]] = {}
    for trial in trials:
        answer = trial.found if trial.is_right else f"WRONG: {trial.found}"
        answers.setdefault(trial.statement, {})[trial.role] = answer
    for statement, by_role in answers.items():
        table.add_row(statement, by_role.get(APP, ""), by_role.get(SYNC, ""))
    return table


@commands.command()
def diagram(
    write: Annotated[
        Path | None, typer.Option(help="Write the page to this file instead of showing it.")
    ] = None,
) -> None:
    """Draw both databases as Mermaid ER diagrams."""
    if write is None:
        typer.echo(draw())
    else:
        write.write_text(draw(), encoding="utf-8")
