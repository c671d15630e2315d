"""What an API key looks like: its id, which may be told to anybody, and a secret."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

# Known by its beginning, so that a leaked key is found by scanners, and told from an access token.
PREFIX = "farout_key_"
_FORM = re.compile(r"farout_key_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class KeyToken:
    """A key as a request carries it; the secret is here only as its SHA-256."""

    id: UUID
    token_hash: bytes


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def write_token(key_id: UUID, secret: str) -> str:
    return f"{PREFIX}{key_id.hex}_{secret}"


def hash_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def is_key(authorization: str | None) -> bool:
    """Whether an Authorization header means to carry an API key, a good one or not."""
    scheme, _, token = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and token.strip().startswith(PREFIX)


def read_token(authorization: str | None) -> KeyToken | None:
    """Return the key of an Authorization header, None if it carries none of the right form."""
    found = _FORM.fullmatch((authorization or "").partition(" ")[2].strip())
    return KeyToken(UUID(hex=found[1]), hash_of(found[2])) if found else None
