"""Where a page of kept bans goes on: after a uid."""

from uuid import UUID

from backend.web.cursors import CursorInvalid, read_cursor, write_cursor


def write_place(uid: UUID) -> str:
    return write_cursor(str(uid), 0)


def read_place(cursor: str | None) -> UUID | None:
    """Return None for the first page; raises CursorInvalid."""
    found = read_cursor(cursor)
    if found is None:
        return None
    try:
        return UUID(found[0])
    except ValueError:
        raise CursorInvalid from None
