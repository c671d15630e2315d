"""Limits on rates, shared by all processes: one statement on one row a request (GCRA)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, Interval, bindparam, case, delete, func, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from backend.auth.limits.policies import Policy
from backend.auth.models import RateLimit
from backend.database import Database, Statement


def take_and_tell() -> ReturningInsert[bool, Any]:
    """Count a request of ``key``; returns ``fits`` and ``ahead``, how full its time is in seconds."""
    each = bindparam("each", type_=Interval)
    window = bindparam("window", type_=Interval)
    # Not the statement's time: whoever waited for the row would count from before they got it.
    now = func.clock_timestamp()
    new = insert(RateLimit).values(key=bindparam("key"), full_at=now + each)
    begins = func.greatest(RateLimit.full_at, now)
    fits = begins + each <= now + window
    return new.on_conflict_do_update(
        index_elements=[RateLimit.key],
        set_={"full_at": case((fits, begins + each), else_=RateLimit.full_at)},
    ).returning(
        literal_column("old.full_at IS NULL OR new.full_at > old.full_at", Boolean).label("fits"),
        func.extract("epoch", literal_column("new.full_at") - now).label("ahead"),
    )


_TAKE = Statement(take_and_tell())


@dataclass(frozen=True)
class Taken:
    """What a request found: whether it fits, how many more would, and when the next one does."""

    fits: bool
    remaining: int
    seconds: int


async def take(database: Database, policy: Policy, network: str) -> Taken:
    """Count a request of a network."""
    row = await database.row(_TAKE, **arguments(policy, network))
    if row is None:
        raise RuntimeError("an upsert with RETURNING gives a row")
    return taken(policy, row)


def arguments(policy: Policy, network: str) -> dict[str, object]:
    """What a statement with ``take_and_tell`` in it needs."""
    return {
        "key": f"{policy.name} {network}",
        "each": timedelta(seconds=policy.seconds / policy.requests),
        "window": timedelta(seconds=policy.seconds),
    }


def taken(policy: Policy, row: Mapping[str, Any]) -> Taken:
    """Read what ``take_and_tell`` found."""
    each = policy.seconds / policy.requests
    ahead = max(0.0, float(row["ahead"]))
    # Rounded, since the database keeps microseconds.
    remaining = max(0, math.floor(round((policy.seconds - ahead) / each, 4)))
    wait = max(0.0, ahead + each - policy.seconds) if remaining == 0 else ahead
    return Taken(row["fits"], remaining, max(1, math.ceil(wait)))


async def sweep(db: AsyncSession) -> None:
    """Remove the rows of networks that are not ahead of any rate."""
    await db.execute(delete(RateLimit).where(RateLimit.full_at < func.now()))
