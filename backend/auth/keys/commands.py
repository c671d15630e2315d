"""``farout keys``: what an operator does with keys, while everything runs."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from backend.auth.keys import actions
from backend.auth.models import SigningKey
from backend.auth.users.commands import open_auth

commands = typer.Typer(no_args_is_help=True, help="The keys that sign and encrypt.")
console = Console(highlight=False, soft_wrap=True)


class Kind(StrEnum):
    """What ``farout keys rotate`` can change."""

    ENCRYPTION = "encryption"
    SIGNING = "signing"


@commands.command()
def rotate(
    what: Annotated[Kind, typer.Argument(help="encryption or signing.")] = Kind.ENCRYPTION,
    compromised: Annotated[
        bool,
        typer.Option(help="signing: take the old key away now, and all access tokens with it."),
    ] = False,
) -> None:
    """Encrypt everything with the first of ENCRYPTION_KEYS, or make a new signing key."""
    if what is Kind.SIGNING:
        asyncio.run(_rotate_signing(is_compromised=compromised))
    elif compromised:
        raise typer.BadParameter("--compromised goes with signing.")
    else:
        asyncio.run(_reencrypt())


@commands.command(name="list")
def list_keys() -> None:
    """List the signing keys that still count."""
    asyncio.run(_list_keys())


async def _rotate_signing(*, is_compromised: bool) -> None:
    async with open_auth() as auth:
        key = await actions.rotate_signing_key(auth, is_compromised=is_compromised)
    if is_compromised:
        console.print(f"{key.kid} signs from now on. Every access token of before is refused")
        console.print("within 15 seconds; programs go on with their refresh tokens.")
    else:
        console.print(f"{key.kid} is published and signs from {_time(key.signs_from)} UTC.")
        console.print("The old key verifies until the last of its tokens is over.")


async def _reencrypt() -> None:
    async with open_auth() as auth:
        result = await actions.reencrypt(auth)
    for name, rows in result.rows.items():
        console.print(f"{name}: {rows} encrypted anew")
    for name, rows in result.unreadable.items():
        console.print(f"{name}: {rows} cannot be read with any key of ENCRYPTION_KEYS")
    if result.unreadable:
        raise typer.Exit(1)
    console.print("Nothing needs an older key any more; it can leave ENCRYPTION_KEYS.")


async def _list_keys() -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        keys = await actions.list_signing_keys(db)
    table = Table("key id", "made", "signs from", "verifies until", "now", show_edge=False)
    now = datetime.now(UTC)
    for key in keys:
        until = "" if key.retired_at is None else _time(key.retired_at)
        table.add_row(
            key.kid, _time(key.created_at), _time(key.signs_from), until, _state(key, keys, now)
        )
    console.print(table)


def _state(key: SigningKey, keys: Sequence[SigningKey], now: datetime) -> str:
    if key.signs_from > now:
        return "published"
    signing = next(one for one in keys if one.signs_from <= now)
    return "signs" if key is signing else "verifies"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
