"""``farout audit``: seal the audit log, and prove that nobody has touched it."""

import asyncio

import typer

from backend.auth.audit_log.actions import seal as seal_entries
from backend.auth.audit_log.verification import Verdict
from backend.auth.audit_log.verification import verify as verify_log
from backend.auth.users.commands import console, open_auth

commands = typer.Typer(no_args_is_help=True, help="The audit log of the auth side.")


@commands.command()
def seal() -> None:
    """Chain the entries written since the last time. The service does so by itself every minute."""
    console.print(f"{asyncio.run(_seal())} entries sealed.")


@commands.command()
def verify() -> None:
    """Name every entry that was changed, removed or slipped in; status 1 if there is one."""
    verdict = asyncio.run(_verify())
    for problem in verdict.problems:
        console.print(problem, markup=False)
    console.print(
        f"{verdict.entries} entries of {verdict.days} days checked, {verdict.unsealed} not sealed"
        f" yet, {verdict.erased} emptied with their person, {len(verdict.problems)} problems."
    )
    if verdict.problems:
        raise typer.Exit(1)


async def _seal() -> int:
    async with open_auth() as auth:
        return await seal_entries(auth)


async def _verify() -> Verdict:
    async with open_auth() as auth:
        return await verify_log(auth)
