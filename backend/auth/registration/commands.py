"""``farout users codes``: registration codes from a shell."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backend.auth.registration import actions, queries
from backend.auth.users.commands import open_auth
from backend.bridge.identity import ROLES, Role

commands = typer.Typer(no_args_is_help=True, help="Codes that let people register.")
console = Console(highlight=False, soft_wrap=True)


@commands.command()
def make(
    role: Annotated[str, typer.Option(help="member, officer or admin.")] = "member",
    uses: Annotated[int, typer.Option(min=1, max=10_000, help="For how many people.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it works.")] = 7,
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Make a registration code and print it, this once."""
    if role not in ROLES:
        raise typer.BadParameter(f"{role!r} is none of {', '.join(ROLES)}")
    if len(note) > 100 or not note.isprintable():
        raise typer.BadParameter("a note has 100 printable characters at most")
    asyncio.run(_make(role, uses, days, note))


async def _make(role: Role, uses: int, days: int, note: str) -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        code, made = await actions.make_code(
            db, role=role, max_uses=uses, days=days, note=note, by=None
        )
        address = f"{auth.settings.public_url}/register?code={code}"
    console.print(f"Code {made.id}, until {made.expires_at:%Y-%m-%d %H:%M} UTC, shown only now:")
    console.print(f"    {code}", markup=False)
    console.print(f"    {address}", markup=False)


@commands.command(name="list")
def list_codes(limit: Annotated[int, typer.Option(min=1, max=1000)] = 50) -> None:
    """List codes, the newest first; the codes themselves are not kept."""
    asyncio.run(_list(limit))


async def _list(limit: int) -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        page = await queries.list_codes(db, limit=limit)
    table = Table("id", "role", "used", "until (UTC)", "revoked", "note", show_edge=False)
    for code in page.codes:
        table.add_row(
            str(code.id), code.role, f"{code.uses} of {code.max_uses}",
            f"{code.expires_at:%Y-%m-%d %H:%M}", "yes" if code.revoked_at else "no",
            escape(code.note),
        )  # fmt: skip
    console.print(table)


@commands.command()
def revoke(code_id: int) -> None:
    """Let a code open nothing any more."""
    asyncio.run(_revoke(code_id))


async def _revoke(code_id: int) -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        await actions.revoke_code(db, code_id, by=None)
    console.print(f"Code {code_id} is revoked.")
