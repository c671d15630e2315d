"""``farout devtools fill``: made-up people, for benchmarks and for looking around."""

import asyncio
import time
from typing import Annotated

import typer
from rich.console import Console

from backend.devtools.fill.actions import fill
from backend.schema.settings import MigrationSettings
from backend.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="Tools for development; not in the image.")
console = Console(highlight=False, soft_wrap=True)


@commands.callback()
def devtools() -> None:
    """Tools for development."""


@commands.command(name="fill")
def fill_databases(
    members: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many people in all.")],
) -> None:
    """Add made-up people with their record to both databases until there are so many."""
    settings = read_settings(MigrationSettings)
    started = time.perf_counter()
    added = asyncio.run(
        fill(
            settings.migration_auth_database_url,
            settings.migration_database_url,
            members,
            tell=console.print,
        )
    )
    console.print(f"{added} people added in {time.perf_counter() - started:.1f} s.")
