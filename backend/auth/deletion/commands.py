"""``farout users erase``: for somebody who asks an operator and cannot sign in."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from backend.auth.deletion.erasing import erase_now
from backend.auth.users.commands import console, open_auth


def erase(
    uid: UUID, yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False
) -> None:
    """Erase an account on both sides at once, for good, without the two weeks of grace."""
    if not yes:
        typer.confirm("Everything about this person is erased, for good. Go on?", abort=True)
    asyncio.run(_erase(uid))
    console.print("Erased. The community follows when the event is delivered.")


async def _erase(uid: UUID) -> None:
    async with open_auth() as auth:
        await erase_now(auth, uid)
