"""A first look at a whole file: how many rows it has, and whether ids went through a spreadsheet."""

import codecs
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from backend.community.porting.csv_source import CsvSource
from backend.community.porting.errors import FileUnreadable, IdsRounded
from backend.community.porting.json_source import JsonSource
from backend.community.porting.records import Record, Source

_SAVE_AS = "save each of its sheets as «CSV UTF-8» and import these."
# The first bytes of what people take for a table.
_NO_TABLES = {
    b"\xd0\xcf\x11\xe0": f"an Excel workbook of the old kind: {_SAVE_AS}",
    b"\x1f\x8b": "compressed: unpack it first (gunzip), or make a zip of it.",
    b"%PDF": "a PDF, which holds pages and no table: export the table as CSV from where it was made.",
    b"SQLite f": "a database: export its tables as CSV.",
}
# What is left of a long number in a spreadsheet.
_KEPT_DIGITS = 15


@dataclass
class Inspection:
    """What is known of a file before it is imported."""

    digest: str
    rows: Counter[str] = field(default_factory=Counter)
    # Ranks that people had before the ladder: the file says so by giving them no place on it.
    off_ladder: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.rows.total()


def open_source(path: Path, section: str | None = None) -> Source:
    """Return a reader for a file, a zip or a folder; raises FileUnreadable."""
    if not path.exists():
        raise FileUnreadable(f"There is no {path}.")
    try:
        if path.is_file():
            beginning = _beginning(path)
            if path.suffix in (".json", ".jsonl", ".ndjson") or beginning.startswith(b"{"):
                return JsonSource(path)
        return CsvSource(path, section)
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror or error}.") from error


def _beginning(path: Path) -> bytes:
    """Return the first bytes of a file that can be what it should; raises FileUnreadable."""
    with path.open("rb") as file:
        beginning = file.read(8).removeprefix(codecs.BOM_UTF8)
    for known, what in _NO_TABLES.items():
        if beginning.startswith(known):
            raise FileUnreadable(f"{path.name} is {what}")
    if beginning.startswith(b"PK\x03\x04") and not zipfile.is_zipfile(path):
        raise FileUnreadable(
            f"{path.name} is a zip without its end: download or write it once more."
        )
    return beginning


def inspect(source: Source) -> Inspection:
    """Read a file through. Raises FileUnreadable, FileCutOff, IdsRounded."""
    try:
        return _look_through(source)
    except OSError as error:
        raise FileUnreadable(f"{source.name} cannot be read: {error.strerror or error}.") from error


def _look_through(source: Source) -> Inspection:
    found = Inspection(source.digest())
    ids = _Ids()
    for record in source.records():
        found.rows[record.section] += 1
        ids.look_at(record)
        # As RankRow.is_step says, of rows that may still be wrong.
        if record.section == "ranks" and not record.values.keys() & {"name", "position"}:
            found.off_ladder.add(str(record.values.get("code")))
    if ids.are_rounded:
        raise IdsRounded(source.name, ids.example)
    return found


class _Ids:
    """One id in a thousand ends in zeros by itself; a spreadsheet makes all of them do so."""

    def __init__(self) -> None:
        self._last = ""
        self._long = self._rounded = 0
        self.example = ""

    def look_at(self, record: Record) -> None:
        value = record.values.get("discord_id")
        if not isinstance(value, str) or value == self._last or len(value) <= _KEPT_DIGITS + 1:
            return
        self._last = value
        self._long += 1
        if not value[_KEPT_DIGITS:].strip("0"):
            self._rounded += 1
            self.example = value

    @property
    def are_rounded(self) -> bool:
        return self._rounded > 1 and self._rounded * 2 >= self._long


def records_after(source: Source, position: int) -> Iterator[Record]:
    """Yield the rows behind those that an earlier run has done."""
    for number, record in enumerate(source.records()):
        if number >= position:
            yield record
