"""``farout users``: the same actions as the web, from a shell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from backend.auth.settings import AuthSettings
from backend.auth.side import Auth
from backend.auth.users import actions, queries
from backend.bridge.identity import ROLES, Role
from backend.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="The people who can sign in.")
console = Console(highlight=False, soft_wrap=True)


@asynccontextmanager
async def open_auth() -> AsyncIterator[Auth]:
    """The auth side for one command."""
    auth = Auth.from_settings(read_settings(AuthSettings))
    try:
        yield auth
    finally:
        await auth.close()


@commands.command()
def ensure_admin() -> None:
    """Make the first admin unless there is one; a generated password is printed this once."""
    asyncio.run(_ensure_admin())


async def _ensure_admin() -> None:
    async with open_auth() as auth:
        admin = await actions.ensure_admin(auth)
    if admin is None:
        console.print("There is an active admin already.")
    elif admin.password is None:
        console.print(f"Made the admin {admin.username} with the password of ADMIN_PASSWORD.")
    else:
        console.print(f"Made the admin {admin.username}. The password, shown only now:")
        console.print(f"    {admin.password}", markup=False)
    if admin is not None:
        console.print("It must be changed at the first sign-in.")


@commands.command(name="list")
def list_users(
    search: Annotated[str, typer.Argument(help="Beginning of a name, e-mail, or Discord id.")] = "",
    role: Annotated[str | None, typer.Option(help="member, officer or admin.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """List users by name."""
    asyncio.run(_list_users(search, _role(role) if role else None, limit))


async def _list_users(search: str, role: Role | None, limit: int) -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        page = await queries.list_users(db, search=search, role=role, limit=limit)
    table = Table("uid", "name", "role", "Discord id", "active", show_edge=False)
    for account in page.accounts:
        user = account.user
        active = "banned" if account.is_banned else "yes" if user.is_active else "no"
        uid = str(account.security.uid)
        table.add_row(uid, user.username, user.role, user.discord_id or "", active)
    console.print(table)
    if page.last:
        console.print("There are more; narrow the search or raise --limit.")


@commands.command()
def set_role(uid: UUID, role: str) -> None:
    """Give a user the role member, officer or admin."""
    asyncio.run(_change(uid, role=_role(role)))


@commands.command()
def deactivate(uid: UUID) -> None:
    """Keep a user out; their sessions end at once."""
    asyncio.run(_change(uid, is_active=False))


@commands.command()
def reactivate(uid: UUID) -> None:
    """Let a user in again."""
    asyncio.run(_change(uid, is_active=True))


async def _change(uid: UUID, *, role: Role | None = None, is_active: bool | None = None) -> None:
    async with open_auth() as auth:
        user = await actions.change_user(auth, uid, role=role, is_active=is_active, by=None)
    console.print(
        f"{user.username} is {user.role}, {'active' if user.is_active else 'deactivated'}."
    )


def _role(value: str) -> Role:
    if value not in ROLES:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(ROLES)}")
    return value
