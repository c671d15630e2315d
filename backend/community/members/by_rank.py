"""The directory in the order of the ladder: a short walk along one index for each rank that is held."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select, true, tuple_
from sqlalchemy.orm import aliased

from backend.community.models import Member, Rank
from backend.community.models.rank import BELOW
from backend.web.cursors import Position

_NAME = func.lower(Member.display_name)


def select_by_rank(
    conditions: Sequence[ColumnElement[bool]],
    *,
    after: Position | None,
    limit: int,
    is_down: bool,
) -> Select[*tuple[Any, ...]]:
    """Return the statement of a page: members by rank, and those of one rank by name."""
    steps = _held_ranks()
    found = select(Member.id, _NAME.label("name")).where(Member.rank == steps.c.rank, *conditions)
    reached: ColumnElement[bool] = true()
    if after is not None:
        position, name, member_id = after
        is_same = steps.c.position == position
        # Constants for each rank, so that the index is entered where this page begins.
        begin = tuple_(case((is_same, name), else_=""), case((is_same, member_id), else_=0))
        found = found.where(tuple_(_NAME, Member.id) > begin)
        reached = steps.c.position <= position if is_down else steps.c.position >= position
    page = found.order_by(_NAME, Member.id).limit(limit).correlate(steps).lateral("of_rank")
    order = steps.c.position.desc() if is_down else steps.c.position
    return (
        select(Member, steps.c.position, page.c.name)
        .select_from(steps)
        .join(page, true())
        .join(Member, Member.id == page.c.id)
        .where(reached)
        .order_by(order, page.c.name, page.c.id)
        .limit(limit)
    )


def _held_ranks() -> Subquery:
    """Return every rank that somebody holds, with its place on the ladder, in as many index probes."""
    held = select(func.min(Member.rank).label("rank")).cte("held", recursive=True)
    higher = aliased(Member)
    following = select(func.min(higher.rank)).where(higher.rank > held.c.rank).scalar_subquery()
    held = held.union_all(select(following).where(held.c.rank.is_not(None)))
    return (
        select(held.c.rank, func.coalesce(Rank.position, BELOW).label("position"))
        .outerjoin(Rank, Rank.code == held.c.rank)
        .where(held.c.rank.is_not(None))
        .subquery("steps")
    )
