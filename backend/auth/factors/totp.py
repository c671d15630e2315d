"""Codes of authenticator apps (RFC 6238): SHA-1, six digits, 30 seconds, one step to either side."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

import segno

STEP_SECONDS = 30
_DIGITS = 6
_DRIFT = 1
_SECRET_BYTES = 20


def new_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step (RFC 4226 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def matching_step(secret: bytes, code: str, *, now: float, after: int | None) -> int | None:
    """Return the step that a code belongs to, unless that or a later one was used before."""
    current = int(now // STEP_SECONDS)
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        is_fresh = after is None or step > after
        if hmac.compare_digest(code_at(secret, step), code) and is_fresh:
            return step
    return None


def readable(secret: bytes) -> str:
    """Return the secret as apps take it by hand."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, *, username: str, site: str) -> str:
    """Return the link that an authenticator app opens, or reads as a QR code."""
    issuer = f"Farout ({site})"
    query = {
        "secret": readable(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": _DIGITS,
        "period": STEP_SECONDS,
    }
    label = quote(f"{issuer}:{username}", safe="")
    return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"


def qr_code(uri: str) -> str:
    """Draw the link as SVG, to stand in a page."""
    drawn: str = segno.make(uri, error="m", micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title="QR code for the authenticator app"
    )
    return drawn
