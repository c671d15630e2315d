"""The directory: everybody who is here, found by what they are and what they have done."""

import json
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
    bindparam,
    cast,
    exists,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.members.by_rank import select_by_rank
from backend.community.members.schemas import MemberFilters
from backend.community.models import Departure, Member, MirroredUser
from backend.web.cursors import Position

_NAME = func.lower(Member.display_name)
# A trigram has three characters; what is shorter is looked for at the beginning of a name.
_SHORTEST_PART = 3


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
    rows = (await db.execute(select_members(filters, after=after, limit=limit + 1))).all()
    page = rows[:limit]
    last = _position(page[-1]) if len(rows) > limit else None
    return MemberPage([row[0] for row in page], last)


def select_members(
    filters: MemberFilters, *, after: Position | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """Return the statement of a page: members with what they are sorted by."""
    is_down = filters.sort.startswith("-")
    if filters.sort.endswith("rank"):
        conditions = conditions_of(filters)
        return select_by_rank(conditions, after=after, limit=limit, is_down=is_down)
    by_name = filters.sort.endswith("name")
    key: ColumnElement[Any] = _NAME if by_name else Member.created_at.expression
    members = select(Member, key).where(*conditions_of(filters)).limit(limit)
    if after is not None:
        where = tuple_(after[0] if by_name else datetime.fromisoformat(str(after[0])), after[1])
        row = tuple_(key, Member.id)
        members = members.where(row < where if is_down else row > where)
    return _ordered(members, key, is_down=is_down)


def _ordered(members: Select[Any], key: ColumnElement[Any], *, is_down: bool) -> Select[Any]:
    if is_down:
        return members.order_by(key.desc(), Member.id.desc())
    return members.order_by(key, Member.id)


def _position(row: Any) -> Position:
    keys = (key.isoformat() if isinstance(key, datetime) else key for key in row[1:])
    return (*keys, row[0].id)


def conditions_of(filters: MemberFilters) -> list[ColumnElement[bool]]:
    """Return what must hold for a member to be in this directory."""
    left = exists().where(Departure.member_id == Member.id)
    conditions = [left if filters.left else ~left, ~_account(~MirroredUser.is_active)]
    if filters.search:
        conditions.append(_named(filters.search))
    if filters.rank is not None:
        conditions.append(Member.rank == filters.rank)
    conditions += _of_the_account(filters)
    conditions += _of_the_record(filters)
    conditions += _of_the_time(filters)
    return conditions


def _named(search: str) -> ColumnElement[bool]:
    wanted = func.lower(search, type_=Text)
    if len(search) < _SHORTEST_PART:
        return and_(wanted <= _NAME, wanted.concat("\U0010ffff") > _NAME)
    escaped = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return _NAME.like(func.lower(f"%{escaped}%", type_=Text), escape="\\")


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
    if filters.mission is not None:
        name = "mission_id" if _is_uuid(filters.mission) else "slug"
        conditions.append(Member.missions_completed.contains([{name: filters.mission}]))
    if filters.training is not None:
        path = _valid_training(filters.training)
        conditions.append(
            Member.trainings_completed.op("@?")(cast(bindparam("path", path, Text), JSONPATH))
        )
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


def _valid_training(training: str) -> str:
    """Return the JSON path of a training that was passed or waived and has not expired."""
    name = "training_id" if _is_uuid(training) else "slug"
    today = datetime.now(UTC).date().isoformat()
    return (
        f"$[*] ? (@.{name} == {json.dumps(training)}"
        ' && (@.result == "pass" || @.result == "waived")'
        f' && (!exists(@.expires_at) || @.expires_at == null || @.expires_at >= "{today}"))'
    )


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
