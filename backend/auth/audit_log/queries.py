import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit_log.filters import AuditFilter
from backend.auth.models import AccountSecurity, AuditEntry, AuditLink, AuditSeal, User

# The entry that allows others of the same person to be emptied.
ERASED = "account.erased"

Place = tuple[dt.datetime, int]


@dataclass(frozen=True)
class AuditPage:
    """One page of entries; ``last`` is where the next page goes on, if there is one."""

    entries: Sequence[AuditEntry]
    last: Place | None


async def list_entries(
    db: AsyncSession, wanted: AuditFilter, *, after: Place | None = None, limit: int = 50
) -> AuditPage:
    """Return entries, the newest first."""
    entries = (
        select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit + 1)
    )
    if wanted.action is not None:
        entries = entries.where(AuditEntry.action == wanted.action)
    if wanted.actor is not None:
        entries = entries.where(AuditEntry.actor_uid == wanted.actor)
    if wanted.target is not None:
        entries = entries.where(AuditEntry.target_uid == wanted.target)
    if wanted.since is not None:
        entries = entries.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        entries = entries.where(AuditEntry.at < wanted.until)
    if after is not None:
        entries = entries.where(tuple_(AuditEntry.at, AuditEntry.id) < after)
    found = (await db.scalars(entries)).all()
    page = found[:limit]
    return AuditPage(page, (page[-1].at, page[-1].id) if len(found) > limit else None)


async def names_of(db: AsyncSession, uids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """Return the user names of those who still have an account."""
    named = (
        select(AccountSecurity.uid, User.username)
        .join(User, User.id == AccountSecurity.user_id)
        .where(AccountSecurity.uid.in_({uid for uid in uids if uid is not None}))
    )
    return {row[0]: row[1] for row in await db.execute(named)}


async def erased_uids(db: AsyncSession) -> frozenset[UUID]:
    """Return the uids of the accounts that were erased and are gone."""
    still_there = select(AccountSecurity.uid).where(AccountSecurity.uid == AuditEntry.target_uid)
    erased = select(AuditEntry.target_uid).where(AuditEntry.action == ERASED, ~still_there.exists())
    return frozenset(uid for uid in await db.scalars(erased) if uid is not None)


async def last_seal(db: AsyncSession) -> AuditSeal | None:
    return await db.scalar(select(AuditSeal).order_by(AuditSeal.day.desc()).limit(1))


async def list_seals(db: AsyncSession) -> Sequence[AuditSeal]:
    return (await db.scalars(select(AuditSeal).order_by(AuditSeal.day))).all()


async def first_entry_since(db: AsyncSession, moment: dt.datetime | None) -> dt.datetime | None:
    """Return when the first entry from ``moment`` on was written."""
    first = select(AuditEntry.at).order_by(AuditEntry.at).limit(1)
    return await db.scalar(first if moment is None else first.where(AuditEntry.at >= moment))


async def count_entries(db: AsyncSession) -> int:
    return await db.scalar(select(func.count()).select_from(AuditEntry)) or 0


async def unsealed_entries(db: AsyncSession, day: dt.date, *, limit: int) -> list[AuditEntry]:
    """Return entries of a day (UTC) that stand in no chain, in the order of their ids."""
    begin = dt.datetime.combine(day, dt.time(), dt.UTC)
    linked = select(AuditLink.entry_id).where(AuditLink.entry_id == AuditEntry.id).exists()
    entries = (
        select(AuditEntry)
        .where(AuditEntry.at >= begin, AuditEntry.at < begin + dt.timedelta(days=1), ~linked)
        .order_by(AuditEntry.id)
        .limit(limit)
    )
    return list(await db.scalars(entries))


async def list_links(
    db: AsyncSession, day: dt.date, *, after: int, limit: int
) -> Sequence[Row[AuditLink, AuditEntry | None]]:
    """Return the chain of a day from a position on, each link with its entry if that is there."""
    links = (
        select(AuditLink, AuditEntry)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .where(AuditLink.day == day, AuditLink.position > after)
        .order_by(AuditLink.position)
        .limit(limit)
    )
    return (await db.execute(links)).all()
