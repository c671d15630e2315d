"""Promotions and demotions. A member's rank is always what their history says."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.members.queries import find_uid, get_member
from backend.community.models import Member, RankChange
from backend.community.models.rank import BELOW
from backend.community.ranks import queries
from backend.community.ranks.errors import (
    CannotRankYourself,
    InitialRankStays,
    RankArchived,
    RankChangeUndone,
    RankDateInFuture,
    RankTooHigh,
    RankUnchanged,
)
from backend.community.ranks.schemas import RankChangeRequest


async def change_rank(
    db: AsyncSession, discord_id: str, wanted: RankChangeRequest, *, by: Access, origin: Origin
) -> tuple[RankChange, Member]:
    """Promote or demote a member, from today or from a day in the past."""
    today = datetime.now(UTC).date()
    day = wanted.effective_on or today
    if day > today:
        raise RankDateInFuture
    found = await get_member(db, discord_id)
    member, actor = await queries.lock_member_and_actor(db, found, by.discord_id)
    positions = await queries.get_positions(db)
    rank = await queries.get_rank(db, wanted.rank)
    if rank.archived_at is not None:
        raise RankArchived
    await _keep_initial_rank(db, member)
    held = await queries.find_rank_of(db, member.id, on=day) or member.rank
    check_may_rank(by, actor, member, {member.rank, held, rank.code}, positions)
    if held == rank.code:
        raise RankUnchanged
    is_promotion = rank.position > positions.get(held, BELOW)
    change = RankChange(
        member_id=member.id,
        kind="promotion" if is_promotion else "demotion",
        rank=rank.code,
        effective_on=day,
        reason=wanted.reason,
        changed_by=by.uid,
    )
    db.add(change)
    await _replay(db, change, member, "member.rank_changed", by=by, origin=origin)
    return change, member


async def undo_rank_change(
    db: AsyncSession, change_id: int, reason: str, *, by: Access, origin: Origin
) -> tuple[RankChange, Member]:
    """Take a change back; the member gets the rank that the rest of the history says."""
    change, found = await queries.get_change(db, change_id)
    member, actor = await queries.lock_member_and_actor(db, found, by.discord_id)
    await db.refresh(change)
    if change.kind == "initial":
        raise InitialRankStays
    if change.undone_at is not None:
        raise RankChangeUndone
    positions = await queries.get_positions(db)
    before = member.rank
    change.undone_at, change.undone_by, change.undo_reason = datetime.now(UTC), by.uid, reason
    await _replay(db, change, member, "member.rank_change_undone", by=by, origin=origin)
    check_may_rank(by, actor, member, {before, change.rank, member.rank}, positions)
    return change, member


def check_may_rank(
    by: Access, actor: Member | None, member: Member, ranks: set[str], positions: dict[str, int]
) -> None:
    """Refuse oneself, and what ``check_outranks`` refuses; raises CannotRankYourself, RankTooHigh."""
    if actor is not None and actor.id == member.id:
        raise CannotRankYourself
    check_outranks(by, actor, ranks, positions)


def check_outranks(
    by: Access, actor: Member | None, ranks: set[str], positions: dict[str, int]
) -> None:
    """Refuse any rank in play that is not below one's own; admins stand above the ladder."""
    if by.is_admin:
        return
    own = positions.get(actor.rank, BELOW) if actor is not None else BELOW
    if any(positions.get(rank, BELOW) >= own for rank in ranks):
        raise RankTooHigh


async def _keep_initial_rank(db: AsyncSession, member: Member) -> None:
    """Write down what a member was before the first change, so that undoing it leads back there."""
    if await queries.find_rank_of(db, member.id) is not None:
        return
    db.add(
        RankChange(
            member_id=member.id,
            kind="initial",
            rank=member.rank,
            effective_on=member.created_at.date(),
            reason="The rank before the first change.",
        )
    )
    await db.flush()


async def _replay(
    db: AsyncSession, change: RankChange, member: Member, action: str, *, by: Access, origin: Origin
) -> None:
    before = member.rank
    await db.flush()
    member.rank = await queries.find_rank_of(db, member.id) or before
    await db.flush()
    uid = await find_uid(db, member.discord_id)
    record(
        db, action, actor=by.uid, target=uid, origin=origin, discord_id=member.discord_id,
        change=str(change.id), rank=change.rank, effective_on=change.effective_on.isoformat(),
        before=before, after=member.rank,
    )  # fmt: skip
