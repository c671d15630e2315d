"""An export, as a stream of bytes: all of it from one moment, and never all of it in memory."""

import csv
import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from backend.community.porting import queries
from backend.community.porting.cells import write_cell
from backend.community.porting.sections import FORMAT, SECTIONS, VERSION, Section
from backend.database import Database

_CHUNK = 1 << 16
_ROWS = 500
_BYTE_ORDER_MARK = "\ufeff"


class Format(StrEnum):
    """``json`` is JSON Lines, ``csv`` a zip with a file a section; both say the same."""

    JSON = "json"
    CSV = "csv"

    @property
    def file_name(self) -> str:
        return "farout-community.jsonl" if self is Format.JSON else "farout-community.zip"

    @property
    def media_type(self) -> str:
        return "application/jsonl" if self is Format.JSON else "application/zip"


Progress = Callable[[str, int], None]


def _quiet(section: str, rows: int) -> None:
    pass


async def export(
    database: Database, wanted: Format, *, on_progress: Progress = _quiet
) -> AsyncGenerator[bytes]:
    """Yield the bytes of an export; ``on_progress`` hears of each section's rows as they are read."""
    write = _json_lines if wanted is Format.JSON else _csv_files
    async with database.transaction() as db:
        await queries.take_snapshot(db)

        async def rows_of(section: str) -> AsyncIterator[Sequence[str]]:
            batch: list[str] = []
            async for row in queries.stream_rows(db, section):
                batch.append(row)
                if len(batch) == _ROWS:
                    yield batch
                    on_progress(section, len(batch))
                    batch = []
            yield batch
            on_progress(section, len(batch))

        async for chunk in write(rows_of):
            yield chunk


Rows = Callable[[str], AsyncIterator[Sequence[str]]]


async def _json_lines(rows_of: Rows) -> AsyncIterator[bytes]:
    """A line about the file, a line a row, and a last line that says how many rows there are."""
    yield _line(
        {"format": FORMAT, "version": VERSION, "exported_at": datetime.now(UTC), "counted": True}
    )
    written = 0
    for section in SECTIONS:
        beginning = f'{{"section":"{section}",'
        async for rows in rows_of(section):
            written += len(rows)
            yield "".join(f"{beginning}{row[1:]}\n" for row in rows).encode()
    yield _line({"rows": written})


def _line(values: dict[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


async def _csv_files(rows_of: Rows) -> AsyncIterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for section in SECTIONS.values():
            with archive.open(section.file_name, "w", force_zip64=True) as entry:
                entry.write((_BYTE_ORDER_MARK + _csv([section.written])).encode())
                async for rows in rows_of(section.name):
                    entry.write(_csv([_cells(section, orjson.loads(row)) for row in rows]).encode())
                    if len(sink.written) >= _CHUNK:
                        yield sink.take()
    yield sink.take()


def _cells(section: Section, row: dict[str, Any]) -> list[str]:
    return [write_cell(_text(row.get(name))) for name in section.written]


def _text(value: object) -> str | None:
    if isinstance(value, list):
        return " ".join(value) or None
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return None if value is None else str(value)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    return written.getvalue()


class _Sink:
    """What a zip is written into, a piece at a time, and taken out of."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken = bytes(self.written)
        self.written.clear()
        return taken
