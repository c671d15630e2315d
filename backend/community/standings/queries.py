"""Leaderboards. Open boards read ``scores``, those of a closed season its ``season_standings``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.counters.queries import is_declared
from backend.community.members.queries import gone
from backend.community.models import Member, Score, SeasonStanding
from backend.community.models.counter import DERIVED
from backend.community.models.score import ALL_TIME, LAST_30_DAYS, LAST_90_DAYS
from backend.community.seasons.errors import SeasonNotFound
from backend.community.seasons.queries import get_season
from backend.community.standings.errors import BoardNotFound

PERIODS = {"all": ALL_TIME, "30d": LAST_30_DAYS, "90d": LAST_90_DAYS}
ROLLING = frozenset({LAST_30_DAYS, LAST_90_DAYS})


@dataclass(frozen=True)
class Board:
    counter: str
    period: int
    is_closed: bool = False


@dataclass(frozen=True)
class Top:
    """One page with everybody's place; ``last`` is (value, member id), where the next one goes on."""

    rows: Sequence[tuple[int, Row[Any]]]
    last: tuple[int, int] | None


@dataclass(frozen=True)
class Place:
    value: int
    place: int | None
    of: int


async def find_board(db: AsyncSession, counter: str, period: str) -> Board:
    """Return a board by its names. Raises BoardNotFound."""
    if counter not in DERIVED and not await is_declared(db, counter):
        raise BoardNotFound
    if period in PERIODS:
        return Board(counter, PERIODS[period])
    try:
        season = await get_season(db, period)
    except SeasonNotFound:
        raise BoardNotFound from None
    return Board(counter, season.number, season.closed_at is not None)


async def top(
    db: AsyncSession, board: Board, *, after: tuple[int, int] | None = None, limit: int = 50
) -> Top:
    """Return the best members, those after (value, member id)."""
    wanted = _kept(board) if board.is_closed else _running(board)
    value, member_id = (
        (SeasonStanding.value, SeasonStanding.member_id)
        if board.is_closed
        else (Score.value, Score.member_id)
    )
    if after is not None:
        wanted = wanted.where(value <= after[0]).where(
            or_(value < after[0], and_(value == after[0], member_id > after[1]))
        )
    rows = (await db.execute(wanted.order_by(value.desc(), member_id).limit(limit + 1))).all()
    page = rows[:limit]
    if board.is_closed:
        placed = [(int(row.place), row) for row in page]
    else:
        placed = await _number(db, board, page, is_first=after is None)
    return Top(placed, (page[-1].value, page[-1].member_id) if len(rows) > limit else None)


def _running(board: Board) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Score.value, Score.member_id, Member.discord_id.label("member"),
            Member.display_name, Member.avatar_url,
        )
        .join(Member, Member.id == Score.member_id)
        .where(Score.period == board.period, Score.counter == board.counter, Score.value > 0)
    )  # fmt: skip


def _kept(board: Board) -> Select[*tuple[Any, ...]]:
    table = SeasonStanding
    return (
        select(
            table.value, table.member_id, table.place, Member.discord_id.label("member"),
            Member.display_name, Member.avatar_url,
        )
        .join(Member, Member.id == table.member_id)
        # Who has left since is shown no more, and everybody keeps the place that they had.
        .where(table.season == board.period, table.counter == board.counter, ~gone())
    )  # fmt: skip


async def _number(
    db: AsyncSession, board: Board, page: Sequence[Row[Any]], *, is_first: bool
) -> list[tuple[int, Row[Any]]]:
    """Give equal values the same place. Those equal to the first row may stand on the page before."""
    starts = [i for i, row in enumerate(page) if i == 0 or row.value != page[i - 1].value]
    # From the second value on, the rows of this page are all there are.
    known = {0: 1} if is_first else {}
    if not is_first:
        known |= {i: await _place_of(db, board, page[i].value) for i in starts[:2]}
    placed: list[tuple[int, Row[Any]]] = []
    for index, row in enumerate(page):
        if index in known:
            anchor, place = index, known[index]
        elif index in starts:
            place = known[anchor] + index - anchor
        placed.append((place, row))
    return placed


_TALLIED = text("""
    SELECT
        coalesce(sum(change) FILTER (WHERE bucket > score_bucket(:value)), 0) AS above,
        coalesce(sum(change), 0) AS everybody,
        count(*) AS rows,
        (SELECT count(*) FROM scores
            WHERE period = :period AND counter = :counter AND value > :value
                AND value <= :highest_of_bucket) AS beside
    FROM score_tally WHERE period = :period AND counter = :counter
""")


def _highest_of_bucket(value: int) -> int:
    if value < 1024:
        return value
    step = 1 << (value.bit_length() - 10)
    return value // step * step + step - 1


async def _tallied(db: AsyncSession, board: Board, value: int) -> Row[Any]:
    values = {
        "period": board.period, "counter": board.counter, "value": value,
        "highest_of_bucket": _highest_of_bucket(value),
    }  # fmt: skip
    return (await db.execute(_TALLIED, values)).one()


async def _place_of(db: AsyncSession, board: Board, value: int) -> int:
    """Return how many have more, and one."""
    row = await _tallied(db, board, value)
    return int(row.above + row.beside + 1)


async def place_of_member(db: AsyncSession, board: Board, member_id: int) -> Place:
    """Return a member's value and place on a board, and how many stand on it."""
    if board.is_closed:
        return await _kept_place(db, board, member_id)
    value = await db.scalar(
        select(Score.value).where(
            Score.member_id == member_id, Score.period == board.period,
            Score.counter == board.counter,
        )
    )  # fmt: skip
    row = await _tallied(db, board, value or 0)
    place = int(row.above + row.beside + 1) if value else None
    return Place(value or 0, place, int(row.everybody))


async def _kept_place(db: AsyncSession, board: Board, member_id: int) -> Place:
    table = SeasonStanding
    on_board = (table.season == board.period, table.counter == board.counter)
    own = (
        await db.execute(
            select(table.value, table.place).where(*on_board, table.member_id == member_id)
        )
    ).first()
    everybody = await db.scalar(select(func.count()).select_from(table).where(*on_board)) or 0
    return Place(own.value if own else 0, own.place if own else None, everybody)


async def oldest_due(db: AsyncSession) -> date | None:
    """Return the first day on which a rolling score stopped being true, None if all are."""
    today = func.timezone("UTC", func.now()).cast(Score.due_on.type)
    return await db.scalar(
        select(Score.due_on).where(Score.due_on <= today).order_by(Score.due_on).limit(1)
    )


_DIFFERING = text("""
    WITH ledger AS (SELECT * FROM projected_scores(:ids)),
    kept AS (
        SELECT member_id, period, counter, value, due_on FROM scores WHERE member_id = ANY (:ids)
            AND (due_on IS NULL OR due_on > (now() AT TIME ZONE 'UTC')::date)
            AND period NOT IN (SELECT number FROM seasons WHERE closed_at IS NOT NULL)
    )
    SELECT DISTINCT member_id FROM (
        (TABLE ledger EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE ledger)
    ) AS differing
    WHERE NOT EXISTS (
        SELECT FROM scores WHERE scores.member_id = differing.member_id
            AND due_on <= (now() AT TIME ZONE 'UTC')::date
    )
""")


async def differing_scores(db: AsyncSession, member_ids: Sequence[int]) -> Sequence[int]:
    """Return whose scores are not what the ledger says; those waiting to be rolled do not count."""
    return (await db.scalars(_DIFFERING, {"ids": list(member_ids)})).all()
