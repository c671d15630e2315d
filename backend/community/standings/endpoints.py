from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.community.counters.schemas import CounterKey
from backend.community.dependencies import Cursors, RunningCommunity, Transaction
from backend.community.fields import PageSize
from backend.community.members.actions import get_own_member
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.standings import actions, queries
from backend.community.standings.queries import ROLLING, Board, Top
from backend.community.standings.schemas import Leaderboard, OwnPlace, Standing
from backend.web.callers import Caller
from backend.web.strict_json import StrictRoute

router = APIRouter(
    prefix="/api/leaderboards/{counter}", tags=["standings"], route_class=StrictRoute
)

Counter = Annotated[
    CounterKey, Path(description="points, missions_completed, ... or a declared one")
]
Period = Annotated[
    str, Query(max_length=64, description="`all`, `30d`, `90d`, or the slug of a season")
]


@router.get("")
async def get_leaderboard(
    db: Transaction,
    _: MaySeeMembers,
    cursors: Cursors,
    counter: Counter,
    period: Period = "all",
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> Leaderboard:
    """The best members by a counter, in a period."""
    name = f"leaderboard {counter} {period}"
    after = cursors.read_row(name, cursor, int, int)
    board = await _board(db, counter, period)
    as_of = await actions.bring_up_to_date(db) if board.period in ROLLING else None
    top = await queries.top(db, board, after=after, limit=limit)
    return Leaderboard(
        counter=counter,
        period=period,
        as_of=as_of,
        items=_placed(top),
        next_cursor=cursors.write(name, top.last),
    )


@router.get("/me")
async def get_own_place(
    db: Transaction,
    community: RunningCommunity,
    caller: Caller,
    counter: Counter,
    period: Period = "all",
) -> OwnPlace:
    """My place by a counter, in a period."""
    board = await _board(db, counter, period)
    member = await get_own_member(community.database, db, caller)
    if member is None:
        raise NotLinkedToDiscord
    if board.period in ROLLING:
        await actions.bring_up_to_date(db)
    place = await queries.place_of_member(db, board, member.id)
    return OwnPlace(
        counter=counter, period=period, value=place.value, place=place.place, of=place.of
    )


async def _board(db: Transaction, counter: str, period: str) -> Board:
    return await queries.find_board(db, counter, period.replace("\0", ""))


def _placed(top: Top) -> list[Standing]:
    return [
        Standing(
            place=place, member=row.member, display_name=row.display_name,
            avatar_url=row.avatar_url, value=row.value,
        )
        for place, row in top.rows
    ]  # fmt: skip
