from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.community.models import Member, Rank, RankChange
from backend.community.ranks import actions, ladder, queries
from backend.community.ranks.schemas import (
    ChangeId,
    LadderOrder,
    NewRank,
    PageSize,
    RankChangeDetails,
    RankChangeList,
    RankChangeRequest,
    RankChangeResult,
    RankDetails,
    RankEdit,
    RankList,
    UndoRequest,
)
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["ranks"], route_class=StrictRoute)

MayManageRanks = Annotated[Access, Needs(Permission.RANKS_MANAGE)]
MayPromote = Annotated[Access, Needs(Permission.MEMBERS_PROMOTE)]


@router.get("/ranks")
async def list_ranks(db: Transaction, _: MaySeeMembers) -> RankList:
    """The ladder, lowest first, archived steps included."""
    return _ladder(await queries.list_ranks(db))


@router.post("/ranks", response_model=RankDetails, status_code=status.HTTP_201_CREATED)
async def add_rank(
    db: Transaction, new: NewRank, by: MayManageRanks, origin: RequestOrigin
) -> Rank:
    """Put a new step on top of the ladder."""
    return await ladder.add_rank(db, new, by=by, origin=origin)


@router.put("/ranks/order")
async def order_ladder(
    db: Transaction, order: LadderOrder, by: MayManageRanks, origin: RequestOrigin
) -> RankList:
    """Put the whole ladder into another order."""
    return _ladder(await ladder.order_ladder(db, order.codes, by=by, origin=origin))


@router.patch("/ranks/{code}", response_model=RankDetails)
async def edit_rank(
    db: Transaction,
    code: Annotated[str, Path(max_length=64)],
    edit: RankEdit,
    by: MayManageRanks,
    origin: RequestOrigin,
) -> Rank:
    """Rename, describe, archive or bring back a step."""
    return await ladder.edit_rank(db, code, edit, by=by, origin=origin)


@router.get("/members/{discord_id}/rank-changes")
async def list_changes(
    db: Transaction,
    discord_id: DiscordId,
    access: MaySeeMembers,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> RankChangeList:
    """A member's career, latest first; the reasons only for those who may promote and the member."""
    listed = f"rank changes of {discord_id}"
    position = cursors.read(listed, cursor)
    after = (str(position[0]), int(position[1])) if position else None
    page = await queries.list_changes(db, discord_id, after=after, limit=limit)
    changes = [RankChangeDetails.model_validate(change) for change in page.changes]
    if not access.may(Permission.MEMBERS_PROMOTE) and access.discord_id != discord_id:
        changes = [change.without_reasons() for change in changes]
    return RankChangeList(items=changes, next_cursor=cursors.write(listed, page.last))


@router.post("/members/{discord_id}/rank-changes", status_code=status.HTTP_201_CREATED)
async def change_rank(
    db: Transaction,
    discord_id: DiscordId,
    wanted: RankChangeRequest,
    by: MayPromote,
    origin: RequestOrigin,
) -> RankChangeResult:
    """Promote or demote a member, from today or from a day in the past."""
    return _result(*await actions.change_rank(db, discord_id, wanted, by=by, origin=origin))


@router.post("/rank-changes/{change_id}/undo")
async def undo_rank_change(
    db: Transaction,
    change_id: Annotated[ChangeId, Path()],
    request: UndoRequest,
    by: MayPromote,
    origin: RequestOrigin,
) -> RankChangeResult:
    """Take a change back; the member gets the rank that the rest of the history says."""
    undone = await actions.undo_rank_change(db, change_id, request.reason, by=by, origin=origin)
    return _result(*undone)


def _ladder(ranks: Sequence[Rank]) -> RankList:
    return RankList(items=[RankDetails.model_validate(rank) for rank in ranks])


def _result(change: RankChange, member: Member) -> RankChangeResult:
    return RankChangeResult(change=RankChangeDetails.model_validate(change), rank=member.rank)
