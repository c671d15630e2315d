from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.members.errors import MemberNotFound
from backend.community.models import Member, Rank, RankChange
from backend.community.ranks.errors import RankChangeNotFound, RankNotFound

_LATEST_FIRST = (RankChange.kind == "initial", RankChange.effective_on.desc(), RankChange.id.desc())


@dataclass(frozen=True)
class ChangePage:
    """Part of a career; ``last`` is where the next page goes on."""

    changes: Sequence[RankChange]
    last: tuple[str, int] | None


async def list_ranks(db: AsyncSession, *, lock: bool = False) -> Sequence[Rank]:
    """Return the ladder, lowest first; with ``lock``, nobody changes it until we commit."""
    ranks = select(Rank).order_by(Rank.code if lock else Rank.position)
    return (await db.scalars(ranks.with_for_update() if lock else ranks)).all()


async def get_rank(db: AsyncSession, code: str, *, lock: bool = False) -> Rank:
    rank = await db.get(Rank, code, with_for_update=lock or None)
    if rank is None:
        raise RankNotFound
    return rank


async def get_positions(db: AsyncSession) -> dict[str, int]:
    """Return where each rank stands; nobody moves them until we commit."""
    ladder = select(Rank.code, Rank.position).order_by(Rank.code).with_for_update(read=True)
    return {row.code: row.position for row in (await db.execute(ladder)).all()}


async def lock_member_and_actor(
    db: AsyncSession, member: Member, actor_discord_id: str | None
) -> tuple[Member, Member | None]:
    """Lock both, by id, so that two officers who rank each other cannot deadlock."""
    both = (
        select(Member)
        .where(Member.discord_id.in_([member.discord_id, actor_discord_id or ""]))
        .order_by(Member.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    found = {one.discord_id: one for one in (await db.scalars(both)).all()}
    return found[member.discord_id], found.get(actor_discord_id or "")


async def get_change(db: AsyncSession, change_id: int) -> tuple[RankChange, Member]:
    wanted = (
        select(RankChange, Member)
        .join(Member, Member.id == RankChange.member_id)
        .where(RankChange.id == change_id)
    )
    found = (await db.execute(wanted)).one_or_none()
    if found is None:
        raise RankChangeNotFound
    return found[0], found[1]


async def find_rank_of(db: AsyncSession, member_id: int, *, on: date | None = None) -> str | None:
    """Replay: return the rank that the history says, at the end of a day or now."""
    replay = select(RankChange.rank).where(
        RankChange.member_id == member_id, RankChange.undone_at.is_(None)
    )
    if on is not None:
        replay = replay.where((RankChange.effective_on <= on) | (RankChange.kind == "initial"))
    rank: str | None = await db.scalar(replay.order_by(*_LATEST_FIRST).limit(1))
    return rank


async def list_changes(
    db: AsyncSession, discord_id: str, *, after: tuple[str, int] | None, limit: int
) -> ChangePage:
    """Return a member's career, latest first, undone changes included."""
    member_id = await db.scalar(select(Member.id).where(Member.discord_id == discord_id))
    if member_id is None:
        raise MemberNotFound
    order = tuple_(RankChange.effective_on, RankChange.id)
    changes = (
        select(RankChange)
        .where(RankChange.member_id == member_id)
        .order_by(RankChange.effective_on.desc(), RankChange.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        changes = changes.where(order < (date.fromisoformat(after[0]), after[1]))
    rows = (await db.scalars(changes)).all()
    page = rows[:limit]
    last = (page[-1].effective_on.isoformat(), page[-1].id) if len(rows) > limit else None
    return ChangePage(page, last)


async def list_wrong_ranks(db: AsyncSession) -> list[tuple[str, str, str]]:
    """Return (Discord id, rank, replayed rank) of everybody whose rank is not their history's."""
    replayed = (
        select(RankChange.member_id, RankChange.rank)
        .ext(distinct_on(RankChange.member_id))
        .where(RankChange.undone_at.is_(None))
        .order_by(RankChange.member_id, *_LATEST_FIRST)
        .subquery()
    )
    wrong = (
        select(Member.discord_id, Member.rank, replayed.c.rank)
        .join(replayed, replayed.c.member_id == Member.id)
        .where(Member.rank != replayed.c.rank)
        .order_by(Member.id)
    )
    return [(row[0], row[1], row[2]) for row in (await db.execute(wrong)).all()]
