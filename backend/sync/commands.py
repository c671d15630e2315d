"""``farout sync``: how the mirror of the users stands, and what mends it."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from backend.auth.outbox.actions import deliver_due, replay_dead_letters
from backend.auth.outbox.queries import list_dead_letters, outbox_state
from backend.bridge.settings import BridgeSettings
from backend.community.mirror.parked import Replay, replay_rejected
from backend.community.mirror.queries import list_rejected
from backend.community.mirror.reconcile import Outcome
from backend.community.mirror.reconcile import reconcile as reconcile_mirror
from backend.settings import read_settings
from backend.sync.figures import read_figures
from backend.sync.reach import Reach, make_transport, open_reach
from backend.sync.tables import Letter, letter_lines, outcome_lines, status_table

commands = typer.Typer(
    no_args_is_help=True, help="The mirror of the users: how it stands, and what mends it."
)
console = Console(highlight=False, soft_wrap=True)
_SHOWN = 100


@commands.command()
def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look.")] = False,
    delete_many: Annotated[
        bool,
        typer.Option(
            "--delete-many",
            help="Also when auth has lost more than 10 users and 5 % of the mirror's.",
        ),
    ] = False,
) -> None:
    """Compare the mirror with auth and repair it. Status 1: drift was found and is still there."""
    outcome = asyncio.run(_reconcile(dry_run, delete_many))
    for line in outcome_lines(outcome, dry_run=dry_run):
        console.print(line, markup=False)
    if outcome.held_back or (dry_run and outcome.drift):
        raise typer.Exit(1)


async def _reconcile(dry_run: bool, delete_many: bool) -> Outcome:
    async with open_reach() as reach:
        with _progress_bar() as progress:
            task = progress.add_task("comparing", total=None)
            return await reconcile_mirror(
                reach.need_mirror(),
                reach.need_directory(),
                dry_run=dry_run,
                delete_many=delete_many,
                on_progress=lambda done, total: progress.update(task, completed=done, total=total),
            )


@commands.command()
def run() -> None:
    """Deliver what is due now, as the worker would, and end. Status 1: something could not be."""
    if not asyncio.run(_run()):
        raise typer.Exit(1)


async def _run() -> bool:
    bridge = read_settings(BridgeSettings)
    async with open_reach() as reach:
        auth = reach.need_auth()
        transport = make_transport(bridge, reach.mirror)
        try:
            looked_at = 0
            while found := await deliver_due(auth, transport):
                looked_at += found
        finally:
            await transport.close()
        async with auth.transaction() as db:
            state = await outbox_state(db)
    console.print(
        f"{looked_at} looked at, {state.pending} still to be delivered, {state.dead} given up."
    )
    return not (state.pending or state.dead)


@commands.command()
def status() -> None:
    """Show both sides, after a fresh comparison. Status 1: drift, dead letters or rejected events."""
    if not asyncio.run(_status()):
        raise typer.Exit(1)


async def _status() -> bool:
    async with open_reach() as reach:
        outcome = await reconcile_mirror(reach.need_mirror(), reach.need_directory(), dry_run=True)
        figures = await read_figures(reach.auth, reach.mirror)
    console.print(status_table(figures, outcome))
    dead = figures.outbox.dead if figures.outbox else 0
    return not (outcome.drift or dead or figures.rejected)


@commands.command()
def dead_letters() -> None:
    """List the events that were given up or rejected. Status 1: there are some."""
    if asyncio.run(_dead_letters()):
        raise typer.Exit(1)


async def _dead_letters() -> bool:
    async with open_reach() as reach:
        letters = await _letters(reach)
    if not letters:
        console.print("Every event has arrived or is on its way.")
        return False
    for line in letter_lines(letters[:_SHOWN]):
        console.print(line, markup=False)
    if len(letters) > _SHOWN:
        console.print(f"These are the oldest {_SHOWN}; there are more.")
    console.print("Once the cause is mended: farout sync replay --all")
    return True


async def _letters(reach: Reach) -> list[Letter]:
    letters: list[Letter] = []
    if reach.auth is not None:
        async with reach.auth.transaction() as db:
            letters += [
                Letter(one.event_id, one.type, one.created_at, "given up", one.error)
                for one in await list_dead_letters(db, limit=_SHOWN + 1)
            ]
    if reach.mirror is not None:
        async with reach.mirror.transaction() as db:
            letters += [
                Letter(one.event_id, one.type, one.received_at, "rejected", one.error)
                for one in await list_rejected(db, limit=_SHOWN + 1)
            ]
    if reach.auth is None and reach.mirror is None:
        reach.need_mirror()
    return letters


@commands.command()
def replay(
    event_ids: Annotated[list[UUID] | None, typer.Argument(metavar="EVENT_ID...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Let events travel again. Status 1: one is not there, or still cannot be applied."""
    if bool(event_ids) == everything:
        raise typer.BadParameter("name the events, or say --all", param_hint="EVENT_ID")
    if not asyncio.run(_replay(event_ids or None)):
        raise typer.Exit(1)


async def _replay(event_ids: list[UUID] | None) -> bool:
    sent = 0
    parked = Replay()
    async with open_reach() as reach:
        if reach.auth is None and reach.mirror is None:
            reach.need_mirror()
        if reach.auth is not None:
            async with reach.auth.transaction() as db:
                sent = await replay_dead_letters(db, event_ids)
        if reach.mirror is not None:
            parked = await replay_rejected(reach.mirror, event_ids)
    console.print(f"{sent} given-up events travel again, {len(parked.applied)} rejected applied.")
    for event_id, reason in parked.refused.items():
        console.print(f"{event_id} still cannot be applied: {reason}", markup=False)
    found = sent + len(parked.applied) + len(parked.refused)
    unknown = len(set(event_ids or ())) - found
    if unknown > 0:
        console.print(f"{unknown} of those named are neither given up nor rejected.")
    return not parked.refused and unknown <= 0


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("users"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
