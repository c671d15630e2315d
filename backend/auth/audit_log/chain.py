"""How audit entries are chained: each hash is keyed, and depends on the entry and the hash before."""

import datetime as dt
import hashlib
import hmac
import json

from backend.auth.crypto.key_ring import place
from backend.auth.models import AuditEntry, AuditSeal

NOTHING_BEFORE = bytes(32)


def key_place(day: dt.date) -> bytes:
    """What the key of a day is bound to when it is encrypted."""
    return place("audit_seals.key", day.isoformat())


def link_hash(key: bytes, before: bytes, entry: AuditEntry) -> bytes:
    return hmac.digest(key, before + _canonical(entry), hashlib.sha256)


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


def _canonical(entry: AuditEntry) -> bytes:
    """Write an entry down the same way for ever, whatever columns the table gets later."""
    parts = [
        entry.id,
        entry.at.astimezone(dt.UTC).isoformat(),
        entry.action,
        entry.actor_uid and str(entry.actor_uid),
        entry.target_uid and str(entry.target_uid),
        entry.ip and str(entry.ip),
        entry.request_id,
        entry.details,
    ]
    return json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()
