"""Signatures of webhooks as Standard Webhooks defines them: HMAC-SHA256 over ``id.timestamp.body``."""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence

TOLERANCE_SECONDS = 300
_ID = re.compile(r"[!-~]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_LONGEST_HEADER = 4096


class SignatureRefused(Exception):
    """The message is not signed by one of our secrets, or too old or new; the text says which."""


def sign(keys: Sequence[bytes], *, message_id: str, body: bytes, now: float) -> dict[str, str]:
    """Return the three headers; signed by the first key alone, which every receiver knows by now."""
    timestamp = str(int(now))
    signature = base64.b64encode(_mac(keys[0], message_id, timestamp, body)).decode("ascii")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def verify(
    keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> str:
    """Return the message's id; raises SignatureRefused. One good signature of several is enough."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id):
        raise SignatureRefused("webhook-id is missing or malformed")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("webhook-timestamp is missing or malformed")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused(
            f"webhook-timestamp is more than {TOLERANCE_SECONDS} seconds from this server's clock"
        )
    given = _signatures(headers.get("webhook-signature", ""))
    wanted = [_mac(key, message_id, timestamp, body) for key in keys]
    # Every pair is compared, so that the time tells nothing of which one was right.
    matches = [hmac.compare_digest(one, other) for one in given for other in wanted]
    if not any(matches):
        raise SignatureRefused("webhook-signature holds no signature made with our secrets")
    return message_id


def _mac(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)


def _signatures(header: str) -> list[bytes]:
    if len(header) > _LONGEST_HEADER:
        return []
    found = []
    for part in header.split(" "):
        version, _, encoded = part.partition(",")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1" and len(signature) == hashlib.sha256().digest_size:
            found.append(signature)
    return found
