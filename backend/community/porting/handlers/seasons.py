"""Seasons: a running one is counted from the ledger, a closed one as of when it was closed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Season
from backend.community.porting.event_rows import SeasonRow
from backend.community.porting.handlers.inserting import document
from backend.community.porting.handlers.outcomes import (
    CREATED,
    UNCHANGED,
    Import,
    Outcome,
    refused,
)

_ADD = text("SELECT import_seasons(CAST(:rows AS jsonb))")
# Entries that came after a season was closed here are recorded as of now: no older season had them.
_TOO_LATE = refused(
    "closed_at",
    "cannot be kept: this community has closed a season of its own, after which no entry can be"
    " recorded; leave closed_at out to count the season as a running one",
)


async def add_seasons(db: AsyncSession, rows: Sequence[SeasonRow], run: Import) -> list[Outcome]:
    """Add seasons; what is there already stays as it is."""
    found = (await db.execute(select(Season.slug, Season.closed_at))).all()
    known = {row.slug for row in found}
    named = {row.slug for row in rows}
    has_closed_others = any(row.closed_at and row.slug not in named for row in found)
    outcomes: list[Outcome] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        if row.slug in known:
            outcomes.append(UNCHANGED)
        elif row.closed_at is not None and has_closed_others:
            outcomes.append(_TOO_LATE)
        else:
            new.append(row.model_dump() | {"created_at": row.created_at or run.started_at})
            outcomes.append(CREATED)
    if new:
        await db.execute(_ADD, {"rows": document(new)})
    return outcomes
