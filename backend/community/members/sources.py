"""Where the directory finds people: by a part of their name, and by what they did."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, exists, func, literal, select
from sqlalchemy.orm import aliased

from backend.community.members.schemas import MemberFilters
from backend.community.models import Achievement, Member, Mission, NamePart, Training

# What is shorter is in very many names, and looked for at the beginning only.
SHORTEST_PART = 3
# The last character that there can be.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Source:
    """A table with members in an order of its own, and what is looked for in it."""

    table: Any
    conditions: list[ColumnElement[bool]]
    order: tuple[Any, ...]

    def holds(self) -> ColumnElement[bool]:
        """Return what holds for whoever is found here, where another index gives the order."""
        return exists().where(self.table.member_id == Member.id, *self.conditions)


def parts_of_names(search: str) -> list[Source]:
    """Return where those are whose name has this in it, each where it has it first."""
    if len(search) < SHORTEST_PART:
        return []
    table = aliased(NamePart)
    wanted = func.lower(search, type_=Text)
    place = func.length(table.name) - func.length(table.part) + 1
    conditions = [*begins_with(table.part, wanted), func.strpos(table.name, wanted) == place]
    return [Source(table, conditions, (table.part, table.name, table.member_id))]


def begins_with(column: Any, wanted: ColumnElement[str]) -> list[ColumnElement[bool]]:
    return [wanted <= column, wanted.concat(_LAST) > column]


def found_in(name: str, search: str, *, is_down: bool) -> ColumnElement[str]:
    """Return a name from the letters on that are looked for; at least within their range."""
    wanted = func.lower(search, type_=Text)
    found = func.substr(literal(name), func.strpos(name, wanted))
    if is_down:
        return func.least(found, wanted.concat(_LAST))
    return func.greatest(found, wanted)


def achievements(filters: MemberFilters) -> list[Source]:
    """Return where those are who did what is asked for, a training that is valid today."""
    found = []
    if filters.mission is not None:
        table = aliased(Achievement)
        slug = _slug(Mission, filters.mission)
        conditions = [table.kind == "mission", table.slug == slug]
        found.append(Source(table, conditions, (table.name, table.member_id)))
    if filters.training is not None:
        table = aliased(Achievement)
        slug = _slug(Training, filters.training)
        is_valid = table.valid_until >= datetime.now(UTC).date()
        conditions = [table.kind == "training", table.slug == slug, is_valid]
        found.append(Source(table, conditions, (table.name, table.member_id)))
    if filters.rank is not None:
        for source in found:
            source.conditions.append(source.table.rank == filters.rank)
    return found


def _slug(catalogue: type[Mission] | type[Training], name: str) -> Any:
    """Return a slug, or the one that belongs to an id."""
    if not _is_uuid(name):
        return name
    return select(catalogue.slug).where(catalogue.id == UUID(name)).scalar_subquery()


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
