"""``farout keys``: what an operator does with keys, while everything runs."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

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
        console.print(f"{key.kid} is published and signs from {_time(key.signs_from)}.")
        console.print("The old key verifies until the last of its tokens is over.")


async def _reencrypt() -> None:
    async with open_auth() as auth:
        result = await actions.reencrypt(auth)
    for name, rows in result.rows.items():
        console.print(f"{name}: {rows} encrypted anew")
    for name, rows in result.unreadable.items():
        console.print(f"{name}: {rows} cannot be read with any key of ENCRYPTION_KEYS")
    if not result.is_complete:
        console.print("Somebody still encrypts with an older key: restart every process first.")
    if result.unreadable or not result.is_complete:
        raise typer.Exit(1)
    console.print("Nothing needs an older key any more; it can leave ENCRYPTION_KEYS.")


async def _list_keys() -> None:
    async with open_auth() as auth, auth.database.transaction() as db:
        keys = await actions.list_signing_keys(db)
    now = datetime.now(UTC)
    signing = next((key for key in keys if key.signs_from <= now), None)
    for key in keys:
        console.print(f"{key.kid}  {_state(key, now, signs=key is signing)}", markup=False)


def _state(key: SigningKey, now: datetime, *, signs: bool) -> str:
    if key.signs_from > now:
        return f"published, signs from {_time(key.signs_from)}"
    if key.retired_at is None:
        return "signs"
    return f"{'signs, ' if signs else ''}verifies until {_time(key.retired_at)}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
