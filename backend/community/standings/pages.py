from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from backend.community.counters.queries import list_counters
from backend.community.counters.schemas import CounterKey
from backend.community.dependencies import Cursors, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.community.members.queries import find_member
from backend.community.models.counter import DERIVED
from backend.community.seasons.queries import list_seasons
from backend.community.standings import actions, queries
from backend.community.standings.errors import BoardNotFound
from backend.community.standings.queries import ROLLING
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

_PAGE_SIZE = 50
_PERIODS = {"all": "All time", "30d": "Last 30 days", "90d": "Last 90 days"}
_TITLES = {
    "points": "Points",
    "missions_completed": "Missions",
    "trainings_completed": "Trainings",
    "minutes_in_ops": "Minutes in operations",
}


@router.get("/leaderboards")
async def leaderboards_page(
    request: Request,
    db: Transaction,
    reader: MaySeeMembers,
    cursors: Cursors,
    counter: CounterKey = "points",
    period: Annotated[str, Query(max_length=64)] = "all",
    cursor: str | None = None,
) -> Response:
    seasons = await list_seasons(db)
    periods = _PERIODS | {season.slug: season.title for season in seasons}
    if period not in periods:
        raise BoardNotFound
    # What is no part of the record is counted for all time alone.
    is_narrowed = counter not in DERIVED and period != "all"
    board = await queries.find_board(db, counter, "all" if is_narrowed else period)
    as_of = await actions.bring_up_to_date(db) if board.period in ROLLING else None
    listed = f"leaderboard {counter} {board.period}"
    position = cursors.read(listed, cursor)
    after = (int(position[0]), int(position[1])) if position else None
    top = await queries.top(db, board, after=after, limit=_PAGE_SIZE)
    member = await find_member(db, reader.discord_id) if reader.discord_id else None
    following = cursors.write(listed, top.last)
    query = urlencode({"counter": counter, "period": period, "cursor": following})
    counters = _TITLES | {one.key: one.title for one in await list_counters(db)}
    return render(
        request,
        "leaderboards.html",
        counters=counters,
        periods=periods,
        counter=counter,
        period="all" if is_narrowed else period,
        is_narrowed=is_narrowed,
        as_of=as_of,
        is_first=position is None,
        rows=top.rows,
        own=await queries.place_of_member(db, board, member.id) if member else None,
        own_id=member.discord_id if member else None,
        next_url=f"/leaderboards?{query}" if following else None,
    )
