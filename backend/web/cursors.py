"""Keyset cursors: where a list goes on, as one opaque word."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from backend.errors import BadInput

_LONGEST = 512


class CursorInvalid(BadInput):
    code = "cursor_invalid"

    def __init__(self) -> None:
        super().__init__("This cursor did not come from here; start again without one.")


def write_cursor(name: str, identifier: int) -> str:
    """Return the cursor that goes on after a row sorted by (name, id)."""
    packed = json.dumps([name, identifier], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[str, int] | None:
    """Return (name, id), or None for the first page; raises CursorInvalid."""
    if not cursor:
        return None
    name, identifier = _unpack(cursor)
    if type(identifier) is not int or not 0 <= identifier < 2**63:
        raise CursorInvalid
    return name, identifier


def _unpack(cursor: str) -> tuple[str, Any]:
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        packed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        name, identifier = json.loads(packed)
        if not isinstance(name, str) or "\0" in name:
            raise TypeError
        name.encode("utf-8")
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise CursorInvalid from None
    return name, identifier


Position = tuple[str | int, ...]
Row = tuple[str | int | UUID | date, ...]
_MAC_BYTES = 16
_LONGEST_SIGNED = 1024


class SignedCursors:
    """Cursors that nobody else can make, each good for one list with its filters alone."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, of: str, position: Row | None) -> str | None:
        """Return the cursor that goes on after ``position`` in the list ``of``; None at its end."""
        if position is None:
            return None
        # Not escaped: six bytes for a letter would make a long name too long.
        packed = json.dumps(
            position, separators=(",", ":"), default=_plain, ensure_ascii=False
        ).encode()
        return base64.urlsafe_b64encode(self._mac(of, packed) + packed).rstrip(b"=").decode()

    def read(self, of: str, cursor: str | None) -> Position | None:
        """Return the position, or None for the first page; raises CursorInvalid."""
        if not cursor:
            return None
        try:
            if len(cursor) > _LONGEST_SIGNED:
                raise ValueError
            whole = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (ValueError, binascii.Error):
            raise CursorInvalid from None
        mac, packed = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(of, packed)):
            raise CursorInvalid
        return tuple(json.loads(packed))

    def read_row(
        self, of: str, cursor: str | None, *kinds: Callable[[Any], Any]
    ) -> tuple[Any, ...] | None:
        """Like ``read``, with each part of the position made what it was when it was written."""
        position = self.read(of, cursor)
        if position is None:
            return None
        return tuple(kind(part) for kind, part in zip(kinds, position, strict=True))

    def _mac(self, of: str, packed: bytes) -> bytes:
        signed = len(of.encode()).to_bytes(4, "big") + of.encode() + packed
        return hmac.digest(self._key, signed, hashlib.sha256)[:_MAC_BYTES]


def _plain(part: UUID | date) -> str:
    return part.isoformat() if isinstance(part, date) else str(part)
