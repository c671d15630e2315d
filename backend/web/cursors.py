"""Keyset cursors: where a list goes on, as one opaque word."""

import base64
import binascii
import json
from typing import Any
from uuid import UUID

from backend.errors import BadInput

_LONGEST = 512


class CursorInvalid(BadInput):
    code = "cursor_invalid"

    def __init__(self) -> None:
        super().__init__("This cursor did not come from here; start again without one.")


def write_cursor(name: str, identifier: int | UUID) -> str:
    """Return the cursor that goes on after a row sorted by (name, id)."""
    plain = str(identifier) if isinstance(identifier, UUID) else identifier
    packed = json.dumps([name, plain], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[str, int] | None:
    """Return (name, id), or None for the first page; raises CursorInvalid."""
    if not cursor:
        return None
    name, identifier = _unpack(cursor)
    if type(identifier) is not int or not 0 <= identifier < 2**63:
        raise CursorInvalid
    return name, identifier


def read_uuid_cursor(cursor: str | None) -> tuple[str, UUID] | None:
    """Like ``read_cursor``, for rows whose id is a UUID."""
    if not cursor:
        return None
    name, identifier = _unpack(cursor)
    try:
        return name, UUID(identifier)
    except (ValueError, AttributeError, TypeError):
        raise CursorInvalid from None


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
