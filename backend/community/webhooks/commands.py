"""``farout community webhooks``: how they stand, sending again, and keys that change."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from yarl import URL

from backend.community.audit.origin import AT_A_SHELL
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.community.webhooks import actions, queries, replays
from backend.community.webhooks.rules import Rules
from backend.key_ring import NotDecipherable
from backend.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="Webhooks that tell others of events.")
console = Console(highlight=False, soft_wrap=True)


@commands.command("list")
def list_webhooks() -> None:
    """Show every webhook, how it is, and how many deliveries wait or were given up."""
    asyncio.run(_list())


async def _list() -> None:
    community = Community.from_settings(read_settings(CommunitySettings))
    try:
        async with community.database.transaction() as db:
            standings = await queries.list_standings(db)
    finally:
        await community.close()
    for one in standings:
        # The host alone: the rest of an address may be a secret.
        host = URL(one.endpoint.url).host
        console.print(f"{one.endpoint.id}  {host}: {_state(one)}", markup=False)
    if not standings:
        console.print("There are no webhooks.")


def _state(standing: queries.Standing) -> str:
    endpoint = standing.endpoint
    state = f"disabled ({endpoint.disabled_because})" if endpoint.disabled_at else "enabled"
    failing = f", failing since {endpoint.failing_since:%F %H:%M}" if endpoint.failing_since else ""
    return f"{state}{failing}, {standing.waiting} waiting, {standing.given_up} given up"


@commands.command()
def replay(
    webhook: UUID,
    days: Annotated[int, typer.Option(min=1, max=365, help="Of the last so many days.")] = 7,
) -> None:
    """Send again what was given up."""
    asyncio.run(_replay(webhook, datetime.now(UTC) - timedelta(days=days)))


async def _replay(webhook: UUID, since: datetime) -> None:
    community = Community.from_settings(read_settings(CommunitySettings))
    try:
        async with community.database.transaction() as db:
            count = await replays.replay_given_up(db, webhook, since, by=None, origin=AT_A_SHELL)
    finally:
        await community.close()
    console.print(f"{count} deliveries set out again.")


@commands.command()
def reencrypt() -> None:
    """Encrypt every secret with the first of COMMUNITY_KEYS, so that the old key may go."""
    asyncio.run(_reencrypt())


async def _reencrypt() -> None:
    settings = read_settings(CommunitySettings)
    community = Community.from_settings(settings)
    try:
        async with community.database.transaction() as db:
            count = await actions.reencrypt_secrets(db, Rules.of(settings).keys)
    except NotDecipherable:
        console.print(
            "A secret was encrypted with a key that COMMUNITY_KEYS lacks; nothing changed."
        )
        raise typer.Exit(1) from None
    finally:
        await community.close()
    console.print(f"The secrets of {count} webhooks are encrypted with the first key.")
