"""Changing the two catalogues. An entry is archived and never deleted: the record names it for ever."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.catalogue.queries import Entry
from backend.community.models import Mission, Training


async def add_entry(
    db: AsyncSession, kind: type[Entry], new: BaseModel, *, by: Access, origin: Origin
) -> Entry | None:
    """Add an entry, or return None if its slug is taken."""
    entry: Entry | None = await db.scalar(
        insert(kind)
        .values(**new.model_dump(), created_by=by.uid)
        .on_conflict_do_nothing(index_elements=[kind.slug])
        .returning(kind)
    )
    if entry is not None:
        _record(db, entry, "created", by, origin)
    return entry


async def change_entry(
    db: AsyncSession, entry: Entry, change: BaseModel, *, by: Access, origin: Origin
) -> Entry:
    """Change, archive or restore a locked entry; what was awarded stays as it was awarded."""
    changed = change.model_dump(exclude_unset=True)
    archive = changed.pop("archived", None)
    for name, value in changed.items():
        setattr(entry, name, value)
    if archive is not None and archive != (entry.archived_at is not None):
        entry.archived_at = func.now() if archive else None
    _record(db, entry, "changed", by, origin, fields=sorted(change.model_fields_set))
    await db.flush()
    await db.refresh(entry)
    return entry


def _record(
    db: AsyncSession, entry: Mission | Training, what: str, by: Access, origin: Origin, **more: Any
) -> None:
    kind = "mission" if isinstance(entry, Mission) else "training"
    more[kind] = entry.slug
    record(db, f"{kind}.{what}", actor=by.uid, origin=origin, **more)
