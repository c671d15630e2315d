"""Keyset cursors: where a list goes on, as one opaque word."""

import base64
import binascii
import json

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
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        packed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        name, identifier = json.loads(packed)
        if not isinstance(name, str) or type(identifier) is not int or "\0" in name:
            raise TypeError
        name.encode("utf-8")
        if not 0 <= identifier < 2**63:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise CursorInvalid from None
    return name, identifier
