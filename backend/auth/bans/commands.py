"""``farout users ban`` and ``unban``."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from backend.auth.bans import actions
from backend.auth.bans.kept import lift_kept_ban
from backend.auth.users.accounts import Account
from backend.auth.users.commands import console, open_auth

Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"], help="2027-01-31T12:00+0000"),
]


def ban(uid: UUID, reason: str, until: Until = None) -> None:
    """Keep a user out, for good or until a moment; they are told the reason."""
    asyncio.run(_ban(uid, reason, until))


def unban(uid: UUID) -> None:
    """Lift a ban, also one that was kept when its account was erased."""
    asyncio.run(_unban(uid))


async def _ban(uid: UUID, reason: str, until: datetime | None) -> None:
    async with open_auth() as auth:
        account = await actions.ban_user(auth, uid, reason=reason, expires_at=until, by=None)
    _say(account)


async def _unban(uid: UUID) -> None:
    async with open_auth() as auth:
        if await lift_kept_ban(auth, uid, by=None):
            console.print("The account is gone; its owner may come back now.")
            return
        account = await actions.unban_user(auth, uid, by=None)
    _say(account)


def _say(account: Account) -> None:
    state = "banned" if account.is_banned else "not banned"
    console.print(f"{account.user.username} is {state}.", markup=False)
