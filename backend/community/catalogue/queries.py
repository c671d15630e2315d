"""Reading the two catalogues, of missions and of trainings, which are alike but for their columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Mission, Training

Entry = TypeVar("Entry", Mission, Training)


@dataclass(frozen=True)
class CataloguePage(Generic[Entry]):
    """One page of a catalogue; ``last`` is where the next page goes on, if there is one."""

    entries: Sequence[Entry]
    last: tuple[str, UUID] | None


async def find_entry(
    db: AsyncSession, kind: type[Entry], slug: str, *, lock: bool = False
) -> Entry | None:
    wanted = select(kind).where(kind.slug == slug)
    return await db.scalar(wanted.with_for_update() if lock else wanted)


async def list_entries(
    db: AsyncSession,
    kind: type[Entry],
    *,
    search: str = "",
    archived: bool = False,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> CataloguePage[Entry]:
    """Return entries by title, those whose title begins with ``search``."""
    title = func.lower(kind.title)
    entries = select(kind, title).order_by(title, kind.id).limit(limit + 1)
    if not archived:
        entries = entries.where(kind.archived_at.is_(None))
    if wanted := search.strip().lower():
        entries = entries.where(and_(title >= wanted, title < wanted + "\U0010ffff"))
    if after is not None:
        entries = entries.where(tuple_(title, kind.id) > after)
    rows = (await db.execute(entries)).all()
    page = rows[:limit]
    last = (page[-1][1], page[-1][0].id) if len(rows) > limit else None
    return CataloguePage([row[0] for row in page], last)
