"""``farout ranks``: the proof that everybody has the rank that their history says."""

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from backend.community.ranks.queries import list_wrong_ranks
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="The ranks of the members.")
console = Console(highlight=False, soft_wrap=True)


@commands.callback()
def _only_with_a_command() -> None:
    """Keep ``check`` a command of its own although it is the only one."""


@commands.command()
def check() -> None:
    """Replay every career and compare it with the rank that the member has."""
    asyncio.run(_check())


async def _check() -> None:
    community = Community.from_settings(read_settings(CommunitySettings))
    try:
        async with community.database.transaction() as db:
            wrong = await list_wrong_ranks(db)
    finally:
        await community.close()
    if not wrong:
        console.print("Everybody has the rank that their history says.")
        return
    table = Table("Discord id", "has", "history says", show_edge=False)
    for row in wrong:
        table.add_row(*row)
    console.print(table)
    raise typer.Exit(1)
