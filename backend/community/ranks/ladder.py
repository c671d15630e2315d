"""The ladder itself: new steps, other names, another order. Nothing is deleted: careers name it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.models import Rank
from backend.community.ranks import queries
from backend.community.ranks.errors import LadderIncomplete, RankExists, RankNotFound
from backend.community.ranks.schemas import NewRank, RankEdit


async def add_rank(db: AsyncSession, new: NewRank, *, by: Access, origin: Origin) -> Rank:
    """Put a new step on top of the ladder."""
    await queries.list_ranks(db, lock=True)
    top = select(func.coalesce(func.max(Rank.position), 0) + 1).scalar_subquery()
    rank: Rank | None = await db.scalar(
        insert(Rank)
        .values(code=new.code, name=new.name, description=new.description or None, position=top)
        .on_conflict_do_nothing(index_elements=[Rank.code])
        .returning(Rank)
    )
    if rank is None:
        raise RankExists
    record(db, "rank.added", actor=by.uid, target=None, origin=origin, rank=rank.code)
    return rank


async def edit_rank(
    db: AsyncSession, code: str, edit: RankEdit, *, by: Access, origin: Origin
) -> Rank:
    """Rename, describe, archive or bring back a step."""
    rank = await queries.get_rank(db, code, lock=True)
    before = {"name": rank.name, "description": rank.description, "archived": _is_archived(rank)}
    if edit.name is not None:
        rank.name = edit.name
    if edit.description is not None:
        rank.description = edit.description or None
    if edit.archived is not None and edit.archived != _is_archived(rank):
        rank.archived_at = datetime.now(UTC) if edit.archived else None
    after = {"name": rank.name, "description": rank.description, "archived": _is_archived(rank)}
    if after != before:
        record(
            db, "rank.edited", actor=by.uid, target=None, origin=origin, rank=code,
            before=before, after=after,
        )  # fmt: skip
    return rank


async def order_ladder(
    db: AsyncSession, codes: Sequence[str], *, by: Access, origin: Origin
) -> Sequence[Rank]:
    """Put the steps into this order, lowest first."""
    ranks = await queries.list_ranks(db, lock=True)
    before = [rank.code for rank in sorted(ranks, key=lambda rank: rank.position)]
    if sorted(codes) != sorted(before):
        raise LadderIncomplete
    if list(codes) != before:
        position = func.array_position(list(codes), Rank.code)
        await db.execute(
            update(Rank).values(position=position).execution_options(synchronize_session=False)
        )
        db.expire_all()
        record(
            db, "ladder.ordered", actor=by.uid, target=None, origin=origin,
            before=before, after=list(codes),
        )  # fmt: skip
    return await queries.list_ranks(db)


def _is_archived(rank: Rank) -> bool:
    return rank.archived_at is not None


async def move_rank(
    db: AsyncSession, code: str, *, up: bool, by: Access, origin: Origin
) -> Sequence[Rank]:
    """Put a step one higher or lower; the highest and the lowest stay. Raises RankNotFound."""
    ranks = await queries.list_ranks(db, lock=True)
    codes = [rank.code for rank in sorted(ranks, key=lambda rank: rank.position)]
    if code not in codes:
        raise RankNotFound
    place = codes.index(code)
    other = min(max(place + (1 if up else -1), 0), len(codes) - 1)
    codes[place], codes[other] = codes[other], codes[place]
    return await order_ladder(db, codes, by=by, origin=origin)
