"""Random values that are shown once and stored as their SHA-256 alone."""

import hashlib
import re
import secrets

_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Return 256 random bits, 43 characters of base64url."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def looks_like_a_token(value: str) -> bool:
    return _TOKEN.fullmatch(value) is not None


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
