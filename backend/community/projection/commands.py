"""``farout community``: whether profiles and standings say what the ledger says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.completions import actions, queries
from backend.community.members.listing import differing_listing, list_anew
from backend.community.seasons.errors import SeasonStillOpen
from backend.community.seasons.queries import count_differences, get_season
from backend.community.settings import CommunitySettings
from backend.community.side import Community
from backend.community.standings.actions import refresh, roll_all
from backend.community.standings.queries import differing_scores
from backend.settings import read_settings

commands = typer.Typer()
console = Console(highlight=False, soft_wrap=True)
_AT_ONCE = 1000
_SHOWN = 20


@asynccontextmanager
async def open_community() -> AsyncIterator[Community]:
    """The community side for one command."""
    community = Community.from_settings(read_settings(CommunitySettings))
    try:
        yield community
    finally:
        await community.close()


@commands.command()
def check_projection(
    repair: Annotated[bool, typer.Option(help="Write what the ledger says.")] = False,
) -> None:
    """Compare missions, trainings, stats, standings and what is searched by with the ledger."""
    asyncio.run(_check_projection(repair=repair))


async def _check_projection(*, repair: bool) -> None:
    async with open_community() as community:
        checked, wrong = await compare_all(community, repair=repair)
    console.print(f"{checked} members compared, {len(wrong)} differ from the ledger.")
    for member_id in wrong[:_SHOWN]:
        console.print(f"  member {member_id}{', repaired' if repair else ''}")
    if wrong and not repair:
        console.print("`farout community check-projection --repair` writes what the ledger says.")
        raise typer.Exit(1)


async def compare_all(community: Community, *, repair: bool = False) -> tuple[int, list[int]]:
    """Return how many members there are and who differs."""
    checked, after, wrong = 0, 0, list[int]()
    while True:
        async with community.database.transaction() as db:
            ids = await queries.next_members(db, after, _AT_ONCE)
            if not ids:
                return checked, wrong
            found = await _differing(db, ids)
            if found and repair:
                await actions.repair(db, found)
                await refresh(db, found)
                await list_anew(db, found)
        checked, after = checked + len(ids), ids[-1]
        wrong += found


async def _differing(db: AsyncSession, ids: Sequence[int]) -> list[int]:
    profiles = await queries.differing(db, ids)
    scores = await differing_scores(db, ids)
    return sorted({*profiles, *scores, *await differing_listing(db, ids)})


@commands.command()
def roll_standings() -> None:
    """Take out of the rolling leaderboards what left their 30 and 90 days, as the worker does daily."""
    asyncio.run(_roll_standings())


async def _roll_standings() -> None:
    async with open_community() as community:
        rolled = await roll_all(community.database)
    console.print(f"{rolled} members counted anew.")


@commands.command()
def check_season(slug: str) -> None:
    """Compare the standings of a closed season with what the ledger said when it was closed."""
    asyncio.run(_check_season(slug))


async def _check_season(slug: str) -> None:
    async with open_community() as community, community.database.transaction() as db:
        season = await get_season(db, slug)
        if season.closed_at is None:
            raise SeasonStillOpen
        differing = await count_differences(db, season)
    console.print(f"{season.title}: {differing} standings differ from the ledger.")
    if differing:
        raise typer.Exit(1)
