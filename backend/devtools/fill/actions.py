"""A believable community of any size in both databases, as triggers and services would have left it.

Triggers are suspended while it is made: each user would write an event and each completion rebuild
a profile. What they would have done is done here in bulk: security rows with their versions, the
mirror, the profiles' columns, the scores. So are the indexes, which are quicker made than kept.
"""

import tempfile
from collections.abc import Callable
from typing import TypeAlias

import asyncpg

from backend.devtools.fill import people, record
from backend.devtools.fill.indexes import Indexes
from backend.devtools.fill.words import (
    FIRST,
    LAST,
    OPERATIONS,
    PLACES,
    RANKS,
    ROLES,
    TRAININGS,
    slug,
)
from backend.errors import Conflict

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Tell = Callable[[str], None]

MISSIONS = [f"{one} {other}" for one in OPERATIONS for other in PLACES]
_MISSION_SLUGS = [slug(title) for title in MISSIONS]
_TRAINING_SLUGS = [slug(title) for title, *_ in TRAININGS]
_AT_ONCE = 20_000
_WORTH_IT = 10_000
_USERS = ("users", "account_security")
_MEMBERS = ("userbase", "members", "completions", "scores", "achievements", "name_parts")
_SUSPEND_TRIGGERS = "SET LOCAL session_replication_role = replica"
# For sorting millions of rows, once, on a machine that does nothing else meanwhile.
_MEMORY = "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'"


class OwnerMustBeSuperuser(Conflict):
    code = "owner_must_be_superuser"

    def __init__(self) -> None:
        super().__init__(
            "Made-up people need the databases' owner to be a superuser, as it is in `farout dev`"
            " and in the compose file: triggers are suspended meanwhile."
        )


async def fill(auth_url: str, community_url: str, members: int, *, tell: Tell) -> int:
    """Add people until there are ``members`` made-up ones; returns how many were added.

    The addresses are the owner's. Both databases get all of them, or neither any if auth fails.
    """
    auth = await asyncpg.connect(auth_url)
    try:
        community = await asyncpg.connect(community_url)
        try:
            return await _fill(auth, community, members, tell)
        finally:
            await community.close()
    finally:
        await auth.close()


async def _fill(auth: Connection, community: Connection, members: int, tell: Tell) -> int:
    present: int = await auth.fetchval(people.PRESENT)
    if present >= members:
        return 0
    with tempfile.TemporaryFile() as carried:
        async with auth.transaction(), community.transaction():
            for connection in (auth, community):
                await _prepare(connection)
            tell(f"{members - present:,} users ...")
            await _fill_users(auth, present, members)
            await auth.copy_from_query(
                people.PEOPLE, present, members - 1, output=carried, format="binary", timeout=None
            )
            carried.seek(0)
            await community.execute(record.PEOPLE_TABLE)
            await community.copy_to_table("people", source=carried, format="binary", timeout=None)
            await community.execute("ANALYZE people")
            await _fill_community(community, members - present, tell)
    tell("Taking stock ...")
    for connection in (auth, community):
        await connection.execute("VACUUM ANALYZE", timeout=None)
    return members - present


async def _prepare(connection: Connection) -> None:
    try:
        await connection.execute(_SUSPEND_TRIGGERS)
    except asyncpg.InsufficientPrivilegeError:
        raise OwnerMustBeSuperuser from None
    await connection.execute(_MEMORY)


async def _put_aside(connection: Connection, tables: tuple[str, ...], people: int) -> Indexes:
    return await Indexes.put_aside(connection, tables if people >= _WORTH_IT else ())


async def _fill_users(auth: Connection, present: int, members: int) -> None:
    numbers = (present, members - 1)
    indexes = await _put_aside(auth, _USERS, members - present)
    await auth.execute(people.USERS, *numbers, list(FIRST), list(LAST), timeout=None)
    await auth.execute(people.SECURITY, timeout=None)
    await indexes.make_all()


async def _fill_community(community: Connection, people: int, tell: Tell) -> None:
    indexes = await _put_aside(community, _MEMBERS, people)
    tell("Members ...")
    await community.execute(record.MIRROR, timeout=None)
    await community.execute(record.MEMBERS, list(RANKS), timeout=None)
    await _fill_catalogue(community)
    tell("What they completed ...")
    await community.execute(record.FLOWN, list(ROLES), _MISSION_SLUGS, timeout=None)
    await community.execute(record.PASSED, _TRAINING_SLUGS, timeout=None)
    await community.execute(record.KUDOS, timeout=None)
    await _fill_dates(community)
    await indexes.make("completions_member_id_idx")
    await community.execute("ANALYZE members, completions", timeout=None)
    tell("Profiles and standings ...")
    await _project(community, tell)
    await community.execute(record.NAME_PARTS, timeout=None)
    await community.execute(record.TALLY, timeout=None)
    tell("Indexes ...")
    await indexes.make_all()


async def _project(community: Connection, tell: Tell) -> None:
    ids = [row["id"] for row in await community.fetch(record.NEW_MEMBERS)]
    for start in range(0, len(ids), _AT_ONCE):
        chosen = ids[start : start + _AT_ONCE]
        await community.execute(record.PROFILES, chosen, timeout=None)
        await community.execute(record.SCORES, chosen, timeout=None)
        await community.execute(record.LISTED, chosen, timeout=None)
        done = start + len(chosen)
        if done % (10 * _AT_ONCE) == 0 and done < len(ids):
            tell(f"... of {done:,}")


async def _fill_catalogue(community: Connection) -> None:
    await community.execute(record.MISSIONS, MISSIONS)
    titles, levels, days, points, required = zip(*TRAININGS, strict=True)
    await community.execute(
        record.TRAININGS, _TRAINING_SLUGS, list(titles), list(levels), list(days), list(points)
    )
    pairs = [(one, other) for one, other in zip(_TRAINING_SLUGS, required, strict=True) if other]
    await community.execute(
        record.PREREQUISITES, [one for one, _ in pairs], [other for _, other in pairs]
    )
    await community.execute(record.INSTRUCTORS)
    await community.execute(record.SEASON)
    await community.execute(record.COUNTER)


async def _fill_dates(community: Connection) -> None:
    """Set dates for the next weeks, with people who signed up and some who wait."""
    made = [row["id"] for row in await community.fetch(record.OCCURRENCES, _MISSION_SLUGS)]
    if not made:
        return
    await community.execute(record.SLOTS, made)
    await community.execute(record.SIGNUPS, made)
    for occurrence in made:
        await community.fetch("SELECT seat_waiting($1)", occurrence)
