"""Reading JSON Lines: a line that says what the file is, then a line a row."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from backend.community.porting.digests import digest_of
from backend.community.porting.errors import FileCutOff, FileUnreadable
from backend.community.porting.records import Problem, Record
from backend.community.porting.sections import FORMAT, SECTIONS, VERSION

_LONGEST_LINE = 1 << 20


class JsonSource:
    """A file as ``farout community export`` writes it."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.remarks: list[str] = []
        self._path = path

    def digest(self) -> str:
        return digest_of([self._path])

    def records(self) -> Iterator[Record]:
        """Yield the rows; raises FileUnreadable, and FileCutOff when the last line is not there."""
        with self._path.open("rb") as file:
            is_counted = self._read_header(file.readline(_LONGEST_LINE))
            rows, total = 0, None
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 2):
                if len(line) == _LONGEST_LINE:
                    raise FileUnreadable(f"{self.name}: line {number} is longer than a row can be.")
                if not line.strip():
                    continue
                record = self._read(line, number)
                if isinstance(record, int):
                    total = record
                    continue
                rows += 1
                yield record
        if is_counted and rows != total:
            raise FileCutOff(self.name)

    def _read_header(self, line: bytes) -> bool:
        header = _parse(line.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise FileUnreadable(
                f'{self.name} does not begin with a line such as {{"format": "{FORMAT}", "version": 1}}.'
            )
        if header.get("version") != VERSION:
            raise FileUnreadable(
                f"{self.name} has version {header.get('version')}; this Farout reads {VERSION}."
            )
        return header.get("counted") is True

    def _read(self, line: bytes, number: int) -> Record | int:
        """Return a row, or from the last line how many there are."""
        values = _parse(line)
        if not isinstance(values, dict):
            return self._refused(number, "", "is not a JSON object")
        if values.keys() == {"rows"} and isinstance(values["rows"], int):
            return values["rows"]
        section = values.pop("section", None)
        if not isinstance(section, str) or section not in SECTIONS:
            return self._refused(number, "section", f"must be one of {', '.join(SECTIONS)}")
        return Record(section, self.name, number, values)

    def _refused(self, number: int, field: str, reason: str) -> Record:
        return Record("", self.name, number, {}, problem=Problem(field, reason))


def _parse(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
