"""Doing one batch of rows: each gets an outcome, and one that the database refuses spoils no other."""

import asyncio
from collections.abc import AsyncGenerator, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.porting.errors import FileUnreadable
from backend.community.porting.handlers import (
    attendance,
    careers,
    catalogue,
    completions,
    counters,
    departures,
    grants,
    members,
    others,
    seasons,
)
from backend.community.porting.handlers.outcomes import Handler, Import, Outcome, refused
from backend.community.porting.people import name_people
from backend.community.porting.records import Problem, Record, read_row
from backend.community.porting.values import Row

SIZE = 500
_HANDLERS: dict[str, Handler] = {
    "ranks": catalogue.add_ranks,
    "missions": catalogue.add_missions,
    "trainings": catalogue.add_trainings,
    "prerequisites": catalogue.add_prerequisites,
    "counters": catalogue.add_counters,
    "awards": catalogue.add_awards,
    "members": members.write_members,
    "occurrences": others.add_occurrences,
    "instructors": others.add_instructors,
    "rank_changes": careers.write_careers,
    "completions": completions.write_completions,
    "counter_changes": counters.add_changes,
    "stats": counters.set_counters,
    "attendance": attendance.add_attendance,
    "reports": attendance.add_reports,
    "award_grants": grants.write_grants,
    "departures": departures.write_departures,
    "seasons": seasons.add_seasons,
}
# What a row is about. Two rows about one thing are done one after the other.
_ABOUT: dict[str, tuple[str, ...]] = {
    "ranks": ("code",),
    "missions": ("slug",),
    "trainings": ("slug",),
    "prerequisites": ("training", "requires"),
    "counters": ("key",),
    "awards": ("id", "name"),
    "members": ("discord_id",),
    "occurrences": ("id",),
    "instructors": ("discord_id", "training"),
    "rank_changes": ("discord_id", "kind", "rank", "effective_on", "reason", "created_at"),
    "completions": ("discord_id", "mission", "training", "occurrence_id"),
    "counter_changes": ("id",),
    "stats": ("discord_id", "counter"),
    "attendance": ("discord_id", "occurrence_id"),
    "reports": ("occurrence_id",),
    "award_grants": ("discord_id", "award_id", "award"),
    "departures": ("discord_id",),
    "seasons": ("slug",),
}


@dataclass(frozen=True, slots=True)
class Done:
    """A row and what became of it."""

    record: Record
    about: str
    outcome: Outcome


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield rows of one section each, in the order of the file."""
    batch: list[Record] = []
    for record in records:
        if batch and (len(batch) == SIZE or batch[0].section != record.section):
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one section, and what they say or why they cannot be read."""

    records: list[Record]
    read: list[Row | Problem]


async def read_ahead(records: Iterable[Record]) -> AsyncGenerator[Batch]:
    """Yield batches; the next one is read in a thread while the database writes this one."""
    found = batches(records)
    upcoming = asyncio.ensure_future(asyncio.to_thread(_read_next, found))
    try:
        while (batch := await upcoming) is not None:
            upcoming = asyncio.ensure_future(asyncio.to_thread(_read_next, found))
            yield batch
    finally:
        # Whoever stops early leaves no thread that still reads the file.
        await asyncio.wait([upcoming])
        if not upcoming.cancelled():
            upcoming.exception()


def _read_next(found: Iterator[list[Record]]) -> Batch | None:
    try:
        batch = next(found, None)
    except OSError as error:
        # A transaction that this meets would take it for its own trouble.
        raise FileUnreadable(f"The file cannot be read on: {error.strerror or error}.") from error
    return Batch(batch, [read_row(record) for record in batch]) if batch is not None else None


async def do_batch(db: AsyncSession, batch: Batch, run: Import) -> list[Done]:
    """Write rows of one section in the caller's transaction."""
    read = batch.read
    outcomes: dict[int, Outcome] = {
        number: refused(one.field, one.reason)
        for number, one in enumerate(read)
        if isinstance(one, Problem)
    }
    rows = {number: one for number, one in enumerate(read) if isinstance(one, Row)}
    problems = await name_people(db, list(rows.values()))
    for number, problem in zip(list(rows), problems, strict=True):
        if problem is not None:
            outcomes[number] = refused(problem.field, problem.reason)
            del rows[number]
    section = batch.records[0].section
    for wave in _waves(section, rows):
        found = await _do(db, section, [rows[number] for number in wave], run)
        outcomes |= dict(zip(wave, found, strict=True))
    return [
        Done(record, _name(section, read[number]), outcomes[number])
        for number, record in enumerate(batch.records)
    ]


def _waves(section: str, rows: dict[int, Row]) -> list[list[int]]:
    waves: list[list[int]] = []
    times: dict[Hashable, int] = {}
    for number, row in rows.items():
        about = tuple(getattr(row, name) for name in _ABOUT[section])
        wave = times[about] = times.get(about, -1) + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(number)
    return waves


async def _do(db: AsyncSession, section: str, rows: Sequence[Any], run: Import) -> list[Outcome]:
    """Do rows together, or if the database refuses one of them, one by one."""
    try:
        async with db.begin_nested():
            return await _HANDLERS[section](db, rows, run)
    except DBAPIError as error:
        if not _is_about_values(error):
            raise
        if len(rows) == 1:
            return [refused("", _explain(error))]
    return [outcome for row in rows for outcome in await _do(db, section, [row], run)]


def _is_about_values(error: DBAPIError) -> bool:
    """Whether a table cannot hold what the rows say (SQLSTATE classes 22 and 23)."""
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] in ("22", "23")


def _explain(error: DBAPIError) -> str:
    constraint = getattr(error.orig.__cause__ if error.orig else None, "constraint_name", None)
    return f"is refused by the database ({constraint or 'a value that it cannot hold'})"


def _name(section: str, row: Row | Problem) -> str:
    """Return what a report calls a row: whom or what it is about."""
    if isinstance(row, Problem):
        return ""
    values = (getattr(row, name) for name in _ABOUT[section][:3])
    return " ".join(str(value) for value in values if value is not None)
