"""Encryption at rest: AES-256-GCM, bound to the row and column that a value belongs to."""

import base64
import binascii
import hmac
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_KEY = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


def place(column: str, row: bytes | str | int | UUID) -> bytes:
    """Name the one place where a value belongs: ``place("oauth_tokens.access_token", user_id)``."""
    return column.encode() + b"|" + (row if isinstance(row, bytes) else str(row).encode())


class NotDecipherable(Exception):
    """The value was encrypted with another key, belongs elsewhere, or was changed."""


@dataclass(frozen=True)
class KeyRing:
    """The keys of one setting, such as ENCRYPTION_KEYS: the first encrypts, all decrypt."""

    first: str
    ciphers: dict[str, AESGCM]
    keys: dict[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, value: str) -> "KeyRing":
        """Read ``id:base64,id:base64``; raises ValueError saying what is wrong with it."""
        keys: dict[str, bytes] = {}
        for part in (part.strip() for part in value.split(",") if part.strip()):
            key_id, _, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not _KEY_ID.fullmatch(key_id) or len(key) != _KEY or len(set(key)) < 8:
                raise ValueError(
                    "must be id:base64 of 32 random bytes, several separated by commas"
                )
            if key_id in keys:
                raise ValueError(f"has the key id {key_id} twice")
            keys[key_id] = key
        if not keys:
            raise ValueError("must hold at least one key, id:base64 of 32 random bytes")
        ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        return cls(next(iter(keys)), ciphers, keys)

    @property
    def first_mark(self) -> bytes:
        """What every value begins with that the first key has encrypted."""
        return bytes([len(self.first)]) + self.first.encode("ascii")

    def encrypt(self, plain: bytes, *, place: bytes) -> bytes:
        """Encrypt for one ``place``; nowhere else can the value be read."""
        nonce = os.urandom(_NONCE)
        sealed = self.ciphers[self.first].encrypt(nonce, plain, place)
        return self.first_mark + nonce + sealed

    def decrypt(self, sealed: bytes, *, place: bytes) -> bytes:
        """Undo ``encrypt``; raises NotDecipherable."""
        length = sealed[0] if sealed else 0
        key_id = sealed[1 : 1 + length].decode("ascii", "replace")
        rest = sealed[1 + length :]
        if key_id not in self.ciphers:
            raise NotDecipherable(f"ENCRYPTION_KEYS has no key {key_id!r}")
        try:
            return self.ciphers[key_id].decrypt(rest[:_NONCE], rest[_NONCE:], place)
        except (InvalidTag, ValueError):
            raise NotDecipherable("the value does not belong here or was changed") from None

    def derive(self, message: bytes, *, purpose: bytes) -> Iterator[bytes]:
        """Yield a message's HMAC-SHA-256 for one purpose under each key, the first key's first."""
        for key in self.keys.values():
            yield hmac.digest(hmac.digest(key, purpose, "sha256"), message, "sha256")


def is_no_random_key(key: bytes) -> bool:
    """Whether a key of 32 bytes cannot be random: it repeats itself, counts, or is text."""
    return repeats(key) or counts(key) or (key.isascii() and key.decode("ascii").isprintable())


def repeats(value: bytes) -> bool:
    """Whether it is one piece again and again, whole or cut off at the end."""
    half = len(value) // 2
    return any(value[size:] == value[:-size] for size in range(1, half + 1))


def counts(value: bytes) -> bool:
    """Whether almost all steps from one byte to the next are the same, as in abcdef or 98765."""
    steps = [(after - before) % 256 for before, after in itertools.pairwise(value)]
    commonest = max((steps.count(step) for step in set(steps)), default=0)
    return commonest * 4 > len(steps) * 3
