import datetime as dt

from backend.auth.audit_log.queries import Place
from backend.web.cursors import CursorInvalid, read_cursor, write_cursor


def write_place(place: Place | None) -> str | None:
    return None if place is None else write_cursor(place[0].isoformat(), place[1])


def read_place(cursor: str | None) -> Place | None:
    """Return where the list goes on; raises CursorInvalid."""
    place = read_cursor(cursor)
    if place is None:
        return None
    try:
        at = dt.datetime.fromisoformat(place[0])
    except ValueError:
        raise CursorInvalid from None
    if at.tzinfo is None:
        raise CursorInvalid
    return at, place[1]
