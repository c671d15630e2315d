"""Sealing: chaining the entries that were written since the last time (docs/decisions/0020)."""

import datetime as dt
import logging
import os

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit_log.chain import NOTHING_BEFORE, key_place, new_link, seal_proof
from backend.auth.audit_log.queries import first_entry_since, last_seal, unsealed_entries
from backend.auth.models import AuditEntry, AuditSeal
from backend.auth.side import Auth
from backend.key_ring import KeyRing

log = logging.getLogger(__name__)

# The same as in the function that empties the entries of an erased person.
_SEAL_LOCK = 0xAD5EA1
_BATCH = 2_000
# An entry bears the moment at which its transaction began; none of them lives as long as this.
_STRAGGLERS = dt.timedelta(minutes=5)


async def seal(auth: Auth) -> int:
    """Chain all entries that have no link yet; returns how many. Any number may run at once."""
    sealed = 0
    while (step := await _step(auth)) is not None:
        sealed += step
    return sealed


async def _step(auth: Auth) -> int | None:
    """Seal some entries, close a day or begin one; None when there is nothing left to do."""
    async with auth.database.transaction() as db:
        await db.execute(select(func.pg_advisory_xact_lock(_SEAL_LOCK)))
        now = (await db.execute(select(func.now()))).scalar_one()
        newest = await last_seal(db)
        if newest is None or newest.closed_at is not None:
            return await _begin_day(db, auth.key_ring, newest)
        key = auth.key_ring.decrypt(newest.key, place=key_place(newest.day))
        entries = await unsealed_entries(db, newest.day, limit=_BATCH)
        if not entries and now < _end_of(newest.day) + _STRAGGLERS:
            return None
        if not entries:
            newest.closed_at = now
        _append(db, key, newest, entries)
        newest.sealed_at = now
        newest.proof = seal_proof(key, newest)
    # Outside of the database: with this line even a chain that was cut short gives itself away.
    log.info(
        "audit log sealed",
        extra={
            "action": "audit.sealed",
            "day": str(newest.day),
            "entries": newest.entries,
            "head": newest.head.hex(),
        },
    )
    return len(entries)


async def _begin_day(db: AsyncSession, key_ring: KeyRing, before: AuditSeal | None) -> int | None:
    first = await first_entry_since(db, _end_of(before.day) if before else None)
    if first is None:
        return None
    day, key = first.astimezone(dt.UTC).date(), os.urandom(32)
    head = before.head if before else NOTHING_BEFORE
    seal = AuditSeal(
        day=day,
        previous_day=before.day if before else None,
        previous_head=head,
        key=key_ring.encrypt(key, place=key_place(day)),
        entries=0,
        head=head,
    )
    seal.proof = seal_proof(key, seal)
    db.add(seal)
    return 0


def _append(db: AsyncSession, key: bytes, seal: AuditSeal, entries: list[AuditEntry]) -> None:
    for entry in entries:
        link = new_link(key, seal, entry)
        db.add(link)
        seal.head, seal.entries = link.hash, link.position


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
