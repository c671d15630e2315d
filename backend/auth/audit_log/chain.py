"""How audit entries are chained: each hash is keyed, and depends on the entry and the hash before.

What may have to be erased one day, address and details, enters the chain as a salted hash: with the
salt gone nobody can tell what stood there, and the chain fits all the same (docs/decisions/0030).
"""

import datetime as dt
import hashlib
import hmac
import json
import os
from typing import Any

from backend.auth.models import AuditEntry, AuditLink, AuditSeal
from backend.key_ring import place

NOTHING_BEFORE = bytes(32)


def key_place(day: dt.date) -> bytes:
    """What the key of a day is bound to when it is encrypted."""
    return place("audit_seals.key", day.isoformat())


_SALT = 16


def new_link(key: bytes, seal: AuditSeal, entry: AuditEntry) -> AuditLink:
    """Return the link of an entry at the end of a day's chain."""
    link = AuditLink(
        day=seal.day,
        position=seal.entries + 1,
        entry_id=entry.id,
        ip_salt=os.urandom(_SALT),
        details_salt=os.urandom(_SALT),
    )
    link.ip_hash = salted_hash(link.ip_salt, _ip(entry))
    link.details_hash = salted_hash(link.details_salt, entry.details)
    link.hash = link_hash(key, seal.head, entry, link)
    return link


def link_hash(key: bytes, before: bytes, entry: AuditEntry, link: AuditLink) -> bytes:
    """Return what the link's hash has to be; links of earlier versions cover the values themselves."""
    ip, details = link.ip_hash, link.details_hash
    return hmac.digest(
        key,
        before
        + _canonical(entry, ip.hex() if ip else _ip(entry), details.hex() if details else None),
        hashlib.sha256,
    )


def salted_hash(salt: bytes | None, value: Any) -> bytes:
    return hashlib.sha256((salt or b"") + _plain(value)).digest()


def is_ip_whole(entry: AuditEntry, link: AuditLink) -> bool:
    """Whether the entry has the address that was sealed."""
    return link.ip_hash is None or link.ip_hash == salted_hash(link.ip_salt, _ip(entry))


def are_details_whole(entry: AuditEntry, link: AuditLink) -> bool:
    """The same of the details."""
    sealed = link.details_hash
    return sealed is None or sealed == salted_hash(link.details_salt, entry.details)


def seal_proof(key: bytes, seal: AuditSeal) -> bytes:
    """Prove where the chain of a day ends, so that its end cannot be cut off."""
    parts = [
        seal.day.isoformat(),
        str(seal.previous_day),
        seal.previous_head.hex(),
        str(seal.entries),
        seal.head.hex(),
        "open" if seal.closed_at is None else "closed",
    ]
    return hmac.digest(key, "|".join(parts).encode(), hashlib.sha256)


def _canonical(entry: AuditEntry, ip: str | None, details: str | None) -> bytes:
    """Write an entry down the same way for ever, whatever columns the table gets later."""
    parts = [
        entry.id,
        entry.at.astimezone(dt.UTC).isoformat(),
        entry.action,
        entry.actor_uid and str(entry.actor_uid),
        entry.target_uid and str(entry.target_uid),
        ip,
        entry.request_id,
        entry.details if details is None else details,
    ]
    return _plain(parts)


def _ip(entry: AuditEntry) -> str | None:
    return entry.ip and str(entry.ip)


def _plain(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
