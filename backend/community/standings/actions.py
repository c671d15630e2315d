"""Keeping the boards up to the day: what left a rolling period is counted no more."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.standings.queries import oldest_due
from backend.database import Database
from backend.errors import Unavailable

log = logging.getLogger(__name__)

# So many at once that a reader does not notice.
AT_ONCE = 500
LOOK_SECONDS = 300.0
_ROLL = text("SELECT roll_scores(:at_most)")
_COMPACT = text("SELECT compact_tally()")
_REFRESH = text("SELECT refresh_scores(:ids)")


async def roll(db: AsyncSession, at_most: int = AT_ONCE) -> int:
    """Count some of those anew whose rolling scores are out of date; returns how many there were."""
    return await db.scalar(_ROLL, {"at_most": at_most}) or 0


async def bring_up_to_date(db: AsyncSession) -> date:
    """Roll what a reader can wait for; returns the day up to which the rolling boards are right."""
    today = datetime.now(UTC).date()
    if await oldest_due(db) is None:
        return today
    await roll(db)
    due = await oldest_due(db)
    return today if due is None else due - timedelta(days=1)


async def roll_all(database: Database) -> int:
    """Roll every score that is out of date, and add up the tally; returns how many members it took."""
    rolled = 0
    while True:
        async with database.transaction() as db:
            found = await roll(db)
        rolled += found
        if not found:
            break
    async with database.transaction() as db:
        await compact(db)
    return rolled


async def roll_daily(database: Database, *, look_seconds: float = LOOK_SECONDS) -> None:
    """Roll what a new day makes out of date, until cancelled; any number of workers may do it.

    It looks every few minutes, at one row of an index: a worker that was away at midnight, or a
    database, makes up for it.
    """
    while True:
        try:
            async with database.transaction() as db:
                rolled = await roll(db)
            if rolled:
                rolled += await roll_all(database)
                log.info(
                    "standings rolled", extra={"action": "standings.rolled", "members": rolled}
                )
        except Unavailable as error:
            log.warning("not now", extra={"action": "standings.waiting", "reason": str(error)})
        except Exception:
            log.exception("unexpected failure", extra={"action": "standings.failed"})
        await asyncio.sleep(look_seconds)


async def compact(db: AsyncSession) -> None:
    """Add up the tally, so that a place is counted over few rows."""
    await db.execute(_COMPACT)


async def refresh(db: AsyncSession, member_ids: Sequence[int]) -> None:
    """Count these members anew."""
    await db.execute(_REFRESH, {"ids": list(member_ids)})
