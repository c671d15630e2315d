"""The secrets of endpoints, and what is signed with them (Standard Webhooks)."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from backend.bridge.settings import decode_webhook_secret
from backend.bridge.signatures import sign
from backend.key_ring import KeyRing, place

_KEY_BYTES = 32


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")


def seal(ring: KeyRing, endpoint_id: UUID, secret: str) -> bytes:
    """Encrypt a secret for its endpoint; another endpoint's row cannot use it."""
    return ring.encrypt(secret.encode("ascii"), place=_place(endpoint_id))


def unseal(ring: KeyRing, endpoint_id: UUID, sealed: bytes) -> str:
    """Undo ``seal``; raises NotDecipherable."""
    return ring.decrypt(sealed, place=_place(endpoint_id)).decode("ascii")


def body_of(event_id: UUID, kind: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """Return what is sent, the same at each attempt."""
    return orjson.dumps(
        {
            "id": str(event_id),
            "type": kind,
            "timestamp": occurred_at.isoformat().replace("+00:00", "Z"),
            "data": data,
        }
    )


def signed_headers(live: list[str], message_id: str, body: bytes, now: float) -> dict[str, str]:
    """Sign with each live secret, the newest first: a receiver needs to know one of them."""
    signed = [
        sign([decode_webhook_secret(secret)], message_id=message_id, body=body, now=now)
        for secret in live
    ]
    together = " ".join(headers["webhook-signature"] for headers in signed)
    return signed[0] | {"webhook-signature": together}


def _place(endpoint_id: UUID) -> bytes:
    return place("webhook_endpoints.secret", endpoint_id)
