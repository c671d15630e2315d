"""A believable community of any size in both databases, as triggers and services would have left it.

Triggers are suspended while it is made: each user would write an event and each completion rebuild
a profile. What they would have done is done here in bulk: security rows with their versions, the
mirror, the profiles' columns, the scores. So are the indexes, which are quicker made than kept.

Users come first, all or none. The community's side is made of them in shares, each in a transaction
of its own and as many at once as there are processors. If it is killed, the next fill goes on.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from backend.devtools.fill import indexes, people, record
from backend.devtools.fill.shares import (
    MISSION_SLUGS,
    MISSIONS,
    TRAINING_SLUGS,
    Connection,
    Shares,
    Tell,
    prepare,
)
from backend.devtools.fill.words import FIRST, LAST, TRAININGS
from backend.errors import Conflict

_WORTH_IT = 10_000
_USERS = ("users", "account_security")
_MEMBERS = ("userbase", "members", "completions", "scores", "achievements", "name_parts")


class OwnerMustBeSuperuser(Conflict):
    code = "owner_must_be_superuser"

    def __init__(self) -> None:
        super().__init__(
            "Made-up people need the databases' owner to be a superuser, as it is in `farout dev`"
            " and in the compose file: triggers are suspended meanwhile."
        )


async def fill(auth_url: str, community_url: str, members: int, *, tell: Tell) -> int:
    """Add people until there are ``members`` made-up ones; returns how many were added.

    The addresses are the owner's. Nobody else should use the databases while many are added.
    """
    async with _owner(auth_url) as auth, _owner(community_url) as community:
        await _fill_users(auth, members, tell)
        is_whole = not await indexes.are_aside(community)
        if is_whole and await community.fetchval(people.present("members")) >= members:
            return 0
        with tempfile.TemporaryFile() as carried:
            await auth.copy_from_query(
                people.PEOPLE, 0, members - 1, output=carried, format="binary", timeout=None
            )
            carried.seek(0)
            async with community.transaction():
                added = await _hand_over(community, carried)
        await _fill_community(community, community_url, added, tell)
        await community.execute("DROP TABLE fill_people")
        tell("Taking stock ...")
        for connection in (auth, community):
            await connection.execute("VACUUM ANALYZE", timeout=None)
    return added


@asynccontextmanager
async def _owner(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(url)
    try:
        await prepare(connection)
        yield connection
    except asyncpg.InsufficientPrivilegeError:
        raise OwnerMustBeSuperuser from None
    finally:
        await connection.close()


async def _fill_users(auth: Connection, members: int, tell: Tell) -> None:
    present: int = await auth.fetchval(people.present("users"))
    if present >= members:
        return
    tell(f"{members - present:,} users ...")
    async with auth.transaction():
        if members - present >= _WORTH_IT:
            await indexes.put_aside(auth, _USERS)
        numbers = (present, members - 1)
        await auth.execute(people.USERS, *numbers, list(FIRST), list(LAST), timeout=None)
        await auth.execute(people.SECURITY, timeout=None)
        await indexes.make_all(auth)


async def _hand_over(community: Connection, carried: object) -> int:
    """Tell the community of everybody whom it does not have; returns how many they are."""
    await community.execute(record.TO_COME_TABLE)
    await community.copy_to_table(
        "fill_people", source=carried, columns=record.COLUMNS, format="binary", timeout=None
    )
    await community.execute(record.ALREADY_HERE, timeout=None)
    await community.execute(record.NUMBER_ANEW, timeout=None)
    added: int = await community.fetchval("SELECT count(*) FROM fill_people")
    if added >= _WORTH_IT:
        await indexes.put_aside(community, _MEMBERS)
    return added


async def _fill_community(community: Connection, url: str, added: int, tell: Tell) -> None:
    tell(f"{added:,} members and what they completed ...")
    await _fill_catalogue(community)
    officer = await community.fetchval(record.OFFICER)
    connections = min(os.cpu_count() or 1, 8) if added >= _WORTH_IT else 1
    await Shares(url, added, officer, connections, tell).make_all()
    async with community.transaction():
        await _fill_dates(community)
        await community.execute(record.TALLY, timeout=None)
    tell("Indexes ...")
    await indexes.make_all(community)


async def _fill_catalogue(community: Connection) -> None:
    await community.execute(record.MISSIONS, MISSIONS)
    titles, levels, days, points, required = zip(*TRAININGS, strict=True)
    await community.execute(
        record.TRAININGS, TRAINING_SLUGS, list(titles), list(levels), list(days), list(points)
    )
    pairs = [(one, other) for one, other in zip(TRAINING_SLUGS, required, strict=True) if other]
    await community.execute(
        record.PREREQUISITES, [one for one, _ in pairs], [other for _, other in pairs]
    )
    await community.execute(record.SEASON)
    await community.execute(record.COUNTER)


async def _fill_dates(community: Connection) -> None:
    """Set dates for the next weeks, with people who signed up and some who wait."""
    made = [row["id"] for row in await community.fetch(record.OCCURRENCES, MISSION_SLUGS)]
    if not made:
        return
    await community.execute(record.SLOTS, made)
    await community.execute(record.SIGNUPS, made)
    for occurrence in made:
        await community.fetch("SELECT seat_waiting($1)", occurrence)
