"""Ids for rows that bring none: the same row gets the same id each time it is imported."""

import hashlib
from datetime import datetime
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62


def derived_id(moment: datetime, *parts: object) -> UUID:
    """Return a version 7 UUID of that moment, whose other bits follow from what the row says.

    Lists sort by id, so an old entry must have an old id.
    """
    content = "\x1f".join(str(part) for part in parts)
    noise = int.from_bytes(hashlib.sha256(content.encode()).digest()[:10], "big")
    milliseconds = int(moment.timestamp() * 1000)
    high = (milliseconds << 80) | _VERSION_7 | ((noise >> 62 & 0xFFF) << 64)
    return UUID(int=high | _VARIANT | (noise & (1 << 62) - 1))
