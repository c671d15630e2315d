"""The audit log as CSV, a batch at a time however long it is."""

import csv
import io
import json
from collections.abc import AsyncIterator

from backend.auth.audit_log.filters import AuditFilter
from backend.auth.audit_log.queries import Place, list_entries
from backend.auth.models import AuditEntry
from backend.auth.side import Auth

_BATCH = 1_000
_COLUMNS = ("id", "at", "action", "actor_uid", "target_uid", "ip", "request_id", "details")
# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def export_csv(auth: Auth, wanted: AuditFilter) -> AsyncIterator[str]:
    """Yield the wanted entries, the newest first, after a line with the names of the columns."""
    yield _lines([_COLUMNS])
    after: Place | None = None
    while True:
        async with auth.database.transaction() as db:
            page = await list_entries(db, wanted, after=after, limit=_BATCH)
        yield _lines([_cells(entry) for entry in page.entries])
        after = page.last
        if after is None:
            return


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    values = {name: getattr(entry, name) for name in _COLUMNS} | {
        "at": entry.at.isoformat(),
        "details": json.dumps(entry.details, ensure_ascii=False, sort_keys=True),
    }
    return tuple(plain_cell("" if value is None else str(value)) for value in values.values())


def plain_cell(text: str) -> str:
    """Return text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(rows: list[tuple[str, ...]]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    return written.getvalue()
