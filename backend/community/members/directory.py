"""The directory: everybody who is here, found by what they are and what they have done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    cast,
    exists,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from backend.community.members.by_rank import select_by_rank
from backend.community.members.schemas import MemberFilters
from backend.community.members.sources import (
    SHORTEST_PART,
    Source,
    achievements,
    begins_with,
    found_in,
    parts_of_names,
)
from backend.community.models import Departure, Member, MirroredUser
from backend.web.cursors import Position

_NAME = func.lower(Member.display_name)
# About where to sort everybody who was found takes as long as to look through a million for a page.
_MOST_SORTED = 2000
# Most of a row, and on no list.
_WITHOUT_RECORD = (
    defer(Member.missions_completed, raiseload=True),
    defer(Member.trainings_completed, raiseload=True),
)


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
    is_common = await _is_common(db, filters)
    wanted = select_members(filters, after=after, limit=limit + 1, is_common=is_common)
    rows = (await db.execute(wanted)).all()
    page = rows[:limit]
    last = _position(page[-1]) if len(rows) > limit else None
    return MemberPage([row[0] for row in page], last)


async def _is_common(db: AsyncSession, filters: MemberFilters) -> bool:
    """Whether so many have what is searched for that they are not all sorted in another order."""
    is_short = len(filters.search) < SHORTEST_PART
    if not filters.search or filters.sort.endswith("name"):
        return False
    if is_short and filters.sort.endswith("rank"):
        # The index that gives this order has the names as well.
        return False
    found = select(Member.id).where(*begins_with(_NAME, func.lower(filters.search, type_=Text)))
    if not is_short:
        [named] = parts_of_names(filters.search)
        found = select(named.table.member_id).where(*named.conditions)
    some = select(func.count()).select_from(found.limit(_MOST_SORTED).subquery())
    return await db.scalar(some) == _MOST_SORTED


def select_members(
    filters: MemberFilters, *, after: Position | None, limit: int, is_common: bool = False
) -> Select[*tuple[Any, ...]]:
    """Return the statement of a page: members with what they are sorted by.

    It reads the index that holds what is looked for in the order of the page: ``name_parts`` of a
    search, in the order of the names from the found letters on, or ``achievements`` of what people
    did, in the order of their names. In another order, a search that many are found by walks along
    that one until the page is full.
    """
    is_down = filters.sort.startswith("-")
    sources = [*([] if is_common else parts_of_names(filters.search)), *achievements(filters)]
    conditions = [*conditions_of(filters), *_named(filters, sources, after, is_common=is_common)]
    if filters.sort.endswith("rank"):
        conditions += (one.holds() for one in sources)
        ranked = select_by_rank(conditions, after=after, limit=limit, is_down=is_down)
        return ranked.options(*_WITHOUT_RECORD)
    order, begin = _order(filters, sources, after)
    members = select(Member, order[-2]).where(*conditions).limit(limit)
    for source in sources:
        members = members.join(source.table, source.table.member_id == Member.id)
        members = members.where(*source.conditions)
    if after is not None:
        row, where = tuple_(*order), tuple_(*begin)
        members = members.where(row < where if is_down else row > where)
    return _ordered(members.options(*_WITHOUT_RECORD), *order, is_down=is_down)


def _named(
    filters: MemberFilters, sources: Sequence[Source], after: Position | None, *, is_common: bool
) -> Sequence[ColumnElement[bool]]:
    """Return what must hold of a name where ``name_parts`` is not read."""
    wanted = func.lower(filters.search, type_=Text)
    is_short = len(filters.search) < SHORTEST_PART
    if is_common:
        place = func.strpos(_NAME, wanted)
        return [place == 1 if is_short else place > 0]
    if not filters.search or not is_short:
        return []
    if not filters.sort.endswith("name"):
        return begins_with(_NAME, wanted)
    first, last = begins_with(sources[0].table.name if sources else _NAME, wanted)
    if after is None:
        return [first, last]
    # Where the page begins is the other bound; with both, the planner expects hardly anybody.
    return [first if filters.sort.startswith("-") else last]


def _order(
    filters: MemberFilters, sources: Sequence[Source], after: Position | None
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what a page is sorted by, its name or moment last but one, and where it begins."""
    begin: tuple[Any, ...] = after or ()
    if filters.sort.endswith("joined"):
        moment = (datetime.fromisoformat(str(begin[0])), begin[1]) if begin else ()
        return (Member.created_at, Member.id), moment
    order = sources[0].order if sources else (_NAME, Member.id)
    if begin and filters.search:
        found = found_in(str(begin[0]), filters.search, is_down=filters.sort.startswith("-"))
        begin = (found, *begin[len(begin) + 1 - len(order) :])
    return order, begin


def _ordered(members: Select[Any], *order: ColumnElement[Any], is_down: bool) -> Select[Any]:
    return members.order_by(*(key.desc() if is_down else key for key in order))


def _position(row: Any) -> Position:
    keys = (key.isoformat() if isinstance(key, datetime) else key for key in row[1:])
    return (*keys, row[0].id)


def conditions_of(filters: MemberFilters) -> list[ColumnElement[bool]]:
    """Return what must hold for a member to be in this directory."""
    left = exists().where(Departure.member_id == Member.id)
    conditions = [left if filters.left else ~left, ~_account(~MirroredUser.is_active)]
    # Those who did something are found with their rank in the same index.
    if filters.rank is not None and not (filters.mission or filters.training):
        conditions.append(Member.rank == filters.rank)
    conditions += _of_the_account(filters)
    conditions += _of_the_record(filters)
    conditions += _of_the_time(filters)
    return conditions


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
