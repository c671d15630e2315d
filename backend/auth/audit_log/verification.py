"""Is the audit log what it was? Walks every chain and names what was changed, removed or added."""

import datetime as dt
import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backend.auth.audit_log.chain import (
    NOTHING_BEFORE,
    are_details_whole,
    is_ip_whole,
    key_place,
    link_hash,
    seal_proof,
)
from backend.auth.audit_log.queries import (
    count_entries,
    erased_uids,
    list_links,
    list_seals,
    unsealed_entries,
)
from backend.auth.models import AuditEntry, AuditLink, AuditSeal
from backend.auth.side import Auth
from backend.key_ring import NotDecipherable

_BATCH = 2_000


@dataclass
class Verdict:
    """What was found; ``unsealed`` entries are too young to be in a chain.

    ``erased`` ones have been emptied because a person was; everything else in them still fits.
    ``is_salted`` once a link was seen that covers salted hashes.
    """

    days: int = 0
    entries: int = 0
    unsealed: int = 0
    erased: int = 0
    is_salted: bool = False
    problems: list[str] = field(default_factory=list)


async def verify(auth: Auth) -> Verdict:
    """Compare every entry with its chain, and every chain with its seal."""
    verdict = Verdict()
    async with auth.database.transaction() as db:
        seals = await list_seals(db)
    day: dt.date | None = None
    head = NOTHING_BEFORE
    for seal in seals:
        verdict.days += 1
        if (seal.previous_day, seal.previous_head) != (day, head):
            verdict.problems.append(f"{seal.day}: the day before it in the chain is missing.")
        await _verify_day(auth, seal, verdict)
        day, head = seal.day, seal.head
    if seals:
        await _count_unsealed(auth, seals, verdict)
    else:
        # Nothing was sealed yet, or somebody took the seals away: then there are more than a minute's.
        verdict.unsealed = await _count_all(auth)
    return verdict


async def _verify_day(auth: Auth, seal: AuditSeal, verdict: Verdict) -> None:
    try:
        key = auth.key_ring.decrypt(seal.key, place=key_place(seal.day))
    except NotDecipherable as problem:
        verdict.problems.append(f"{seal.day}: its key cannot be read: {problem}.")
        return
    if not hmac.compare_digest(seal.proof, seal_proof(key, seal)):
        verdict.problems.append(f"{seal.day}: its seal was changed.")
    before, expected = seal.previous_head, 1
    async for link, entry, erased in _chain(auth, seal.day):
        if link.position != expected:
            lost = _range(expected, link.position - 1)
            verdict.problems.append(f"{seal.day}: {lost} of its chain is missing.")
        elif entry is None:
            verdict.problems.append(f"{seal.day}: entry {link.entry_id} is missing.")
        elif not _fits(key, before, entry, link, erased, verdict):
            verdict.problems.append(f"{seal.day}: entry {link.entry_id} was changed.")
        before, expected = link.hash, link.position + 1
        verdict.entries += 1
    if expected <= seal.entries:
        lost = _range(expected, seal.entries)
        verdict.problems.append(f"{seal.day}: {lost}, the end of its chain, is missing.")
    elif before != seal.head:
        verdict.problems.append(f"{seal.day}: its chain does not end as it was sealed.")


def _fits(
    key: bytes,
    before: bytes,
    entry: AuditEntry,
    link: AuditLink,
    erased: frozenset[UUID],
    verdict: Verdict,
) -> bool:
    """Whether an entry is what was sealed, except for what went with an erased person."""
    emptied = _is_emptied(entry, link, erased)
    fits = hmac.compare_digest(link.hash, link_hash(key, before, entry, link))
    if link.ip_hash is None:
        # Sealed by an earlier version: its hash covers what is gone. None of them comes after others.
        fits = (fits or bool(emptied)) and not verdict.is_salted
    verdict.is_salted |= link.ip_hash is not None
    verdict.erased += bool(emptied)
    return fits and emptied is not None


def _is_emptied(entry: AuditEntry, link: AuditLink, erased: frozenset[UUID]) -> bool | None:
    """Whether parts of an entry are gone because a person is; None if they are not what was sealed."""
    ip_may_go = (entry.actor_uid or entry.target_uid) in erased and entry.ip is None
    details_may_go = entry.target_uid in erased and entry.details == {}
    if link.ip_hash is None:
        return ip_may_go or details_may_go
    ip_is_gone, details_are_gone = not is_ip_whole(entry, link), not are_details_whole(entry, link)
    if (ip_is_gone and not ip_may_go) or (details_are_gone and not details_may_go):
        return None
    return ip_is_gone or details_are_gone


async def _chain(
    auth: Auth, day: dt.date
) -> AsyncIterator[tuple[AuditLink, AuditEntry | None, frozenset[UUID]]]:
    """Yield a day's links with their entries, and who was erased by then."""
    position = 0
    while True:
        async with auth.database.transaction() as db:
            rows = await list_links(db, day, after=position, limit=_BATCH)
            # After the entries: whoever is erased in between is among them.
            erased = await erased_uids(db)
        for link, entry in rows:
            yield link, entry, erased
        if len(rows) < _BATCH:
            return
        position = rows[-1][0].position


async def _count_all(auth: Auth) -> int:
    async with auth.database.transaction() as db:
        return await count_entries(db)


async def _count_unsealed(auth: Auth, seals: Sequence[AuditSeal], verdict: Verdict) -> None:
    """What has no link is young on the last day, and was slipped in on any other."""
    for seal in seals:
        async with auth.database.transaction() as db:
            entries = await unsealed_entries(db, seal.day, limit=_BATCH)
        if seal.closed_at is None:
            verdict.unsealed += len(entries)
            continue
        verdict.problems += [f"{seal.day}: entry {one.id} was added later." for one in entries]


def _range(first: int, last: int) -> str:
    return f"place {first}" if first == last else f"places {first} to {last}"
