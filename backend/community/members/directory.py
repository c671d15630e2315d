"""The directory: everybody who is here, found by what they are and what they have done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from backend.community.members.by_rank import select_by_rank
from backend.community.members.schemas import MemberFilters
from backend.community.models import (
    Achievement,
    Departure,
    Member,
    MirroredUser,
    Mission,
    NamePart,
    Training,
)
from backend.web.cursors import Position

_NAME = func.lower(Member.display_name)
# A trigram has three characters; what is shorter is looked for at the beginning of a name.
_SHORTEST_PART = 3
# Most of a row, and on no list.
_WITHOUT_RECORD = (
    defer(Member.missions_completed, raiseload=True),
    defer(Member.trainings_completed, raiseload=True),
)


@dataclass(frozen=True)
class Source:
    """A table with members in the order of their names, and what is looked for in it."""

    table: Any
    conditions: list[ColumnElement[bool]]

    @property
    def name(self) -> ColumnElement[str]:
        return self.table.name.expression  # type: ignore[no-any-return]

    def holds(self) -> ColumnElement[bool]:
        """Return what holds for whoever is found here, where another index gives the order."""
        return exists().where(self.member_id == Member.id, *self.conditions)

    @property
    def member_id(self) -> ColumnElement[int]:
        return self.table.member_id.expression  # type: ignore[no-any-return]


@dataclass(frozen=True)
class MemberPage:
    """One page of the directory; ``last`` is where the next page goes on, if there is one."""

    members: Sequence[Member]
    last: Position | None


async def list_members(
    db: AsyncSession, filters: MemberFilters, *, after: Position | None, limit: int
) -> MemberPage:
    """Return those who are here, or those who left, as far as all the filters hold."""
    # A plan that fits any value fits the rare ones badly, and here the values decide.
    await db.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    part = await _rarest_part(db, filters.search)
    wanted = select_members(filters, after=after, limit=limit + 1, part=part)
    rows = (await db.execute(wanted)).all()
    page = rows[:limit]
    last = _position(page[-1]) if len(rows) > limit else None
    return MemberPage([row[0] for row in page], last)


_RAREST = text("""
    SELECT part FROM (SELECT part FROM name_parts_of(:search) AS part LIMIT 6) AS one ORDER BY (
        SELECT count(*) FROM (
            SELECT FROM name_parts WHERE name_parts.part = one.part LIMIT 1000
        ) AS few
    ), part LIMIT 1
""")


async def _rarest_part(db: AsyncSession, search: str) -> str | None:
    """Return the three letters of a search to look for: those of the fewest names, as far as counted."""
    if len(search) <= _SHORTEST_PART:
        return None
    part: str | None = await db.scalar(_RAREST, {"search": search})
    return part


def select_members(
    filters: MemberFilters, *, after: Position | None, limit: int, part: str | None = None
) -> Select[*tuple[Any, ...]]:
    """Return the statement of a page: members with what they are sorted by.

    It reads the index that holds what is looked for in the order of names: ``name_parts`` of a
    search, ``part`` being three of its letters, or ``achievements`` of what people did.
    """
    is_down = filters.sort.startswith("-")
    by_name = filters.sort.endswith("name")
    sources = [*_parts(filters.search, part), *_achievements(filters)]
    if filters.sort.endswith("rank"):
        conditions = [*conditions_of(filters), *(one.holds() for one in sources)]
        ranked = select_by_rank(conditions, after=after, limit=limit, is_down=is_down)
        return ranked.options(*_WITHOUT_RECORD)
    ordered: tuple[ColumnElement[Any], ColumnElement[Any]] = (_NAME, Member.id.expression)
    if not by_name:
        ordered = (Member.created_at.expression, Member.id.expression)
    elif sources:
        ordered = (sources[0].name, sources[0].member_id)
    members = select(Member, ordered[0]).where(*conditions_of(filters)).limit(limit)
    for source in sources:
        members = members.join(source.table, source.member_id == Member.id)
        members = members.where(*source.conditions)
    if after is not None:
        where = tuple_(after[0] if by_name else datetime.fromisoformat(str(after[0])), after[1])
        row = tuple_(*ordered)
        members = members.where(row < where if is_down else row > where)
    return _ordered(members.options(*_WITHOUT_RECORD), *ordered, is_down=is_down)


def _ordered(
    members: Select[Any], key: ColumnElement[Any], last: ColumnElement[Any], *, is_down: bool
) -> Select[Any]:
    if is_down:
        return members.order_by(key.desc(), last.desc())
    return members.order_by(key, last)


def _position(row: Any) -> Position:
    keys = (key.isoformat() if isinstance(key, datetime) else key for key in row[1:])
    return (*keys, row[0].id)


def conditions_of(filters: MemberFilters) -> list[ColumnElement[bool]]:
    """Return what must hold for a member to be in this directory."""
    left = exists().where(Departure.member_id == Member.id)
    conditions = [left if filters.left else ~left, ~_account(~MirroredUser.is_active)]
    if 0 < len(filters.search) < _SHORTEST_PART:
        wanted = func.lower(filters.search, type_=Text)
        conditions.append(and_(wanted <= _NAME, wanted.concat("\U0010ffff") > _NAME))
    # Those who did something are found with their rank in the same index.
    if filters.rank is not None and not (filters.mission or filters.training):
        conditions.append(Member.rank == filters.rank)
    conditions += _of_the_account(filters)
    conditions += _of_the_record(filters)
    conditions += _of_the_time(filters)
    return conditions


def _parts(search: str, part: str | None) -> list[Source]:
    """Return where those are whose name has this in it; three letters are a part themselves."""
    if len(search) < _SHORTEST_PART:
        return []
    table = aliased(NamePart)
    wanted = func.lower(search, type_=Text)
    if len(search) == _SHORTEST_PART:
        return [Source(table, [table.part == wanted])]
    escaped = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    like = table.name.like(func.lower(f"%{escaped}%", type_=Text), escape="\\")
    return [Source(table, [table.part == part, like])]


def _achievements(filters: MemberFilters) -> list[Source]:
    """Return where those are who did what is asked for, a training that is valid today."""
    found = []
    if filters.mission is not None:
        table = aliased(Achievement)
        slug = _slug(Mission, filters.mission)
        found.append(Source(table, [table.kind == "mission", table.slug == slug]))
    if filters.training is not None:
        table = aliased(Achievement)
        slug = _slug(Training, filters.training)
        is_valid = table.valid_until >= datetime.now(UTC).date()
        found.append(Source(table, [table.kind == "training", table.slug == slug, is_valid]))
    if filters.rank is not None:
        for source in found:
            source.conditions.append(source.table.rank == filters.rank)
    return found


def _slug(catalogue: type[Mission] | type[Training], name: str) -> Any:
    """Return a slug, or the one that belongs to an id."""
    if not _is_uuid(name):
        return name
    return select(catalogue.slug).where(catalogue.id == UUID(name)).scalar_subquery()


def _account(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(MirroredUser.discord_id == Member.discord_id, *conditions)


def _of_the_account(filters: MemberFilters) -> list[ColumnElement[bool]]:
    wanted = []
    if filters.role is not None:
        wanted.append(MirroredUser.role == filters.role)
    if filters.tag is not None:
        wanted.append(MirroredUser.tags.contains([filters.tag]))
    if filters.plan_tier is not None:
        wanted.append(MirroredUser.plan_tier == filters.plan_tier)
    if filters.flag is not None:
        wanted.append(MirroredUser.feature_flags.contains({filters.flag: True}))
    return [_account(*wanted)] if wanted else []


def _of_the_record(filters: MemberFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.active_since is not None:
        last = Member.stats[("last", "active_at")].astext
        conditions.append(last >= filters.active_since.isoformat())
    return conditions


def _of_the_time(filters: MemberFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.joined_since is not None:
        conditions.append(Member.created_at >= cast(filters.joined_since, Date))
    if filters.joined_until is not None:
        conditions.append(Member.created_at < cast(filters.joined_until, Date) + 1)
    return conditions


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
