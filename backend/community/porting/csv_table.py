"""Reading one CSV file, as this software or somebody's spreadsheet wrote it."""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from zipfile import ZipExtFile

from backend.community.porting.cells import read_cell
from backend.community.porting.errors import FileUnreadable
from backend.community.porting.records import Problem, Record
from backend.community.porting.sections import Section
from backend.community.porting.values import RowOfMember

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 100_000
_SOMEBODY = ("discord_id", "uid", "username")
csv.field_size_limit(_LONGEST_CELL)

Content = io.BufferedReader | ZipExtFile


class CsvTable:
    """The rows of a file under a line with the names of the columns; any usual delimiter will do."""

    def __init__(self, section: Section, name: str, content: Content) -> None:
        self.unknown: list[str] = []
        self._last = ""
        self._section = section
        self._name = name
        self._stream = self._decoded(content)
        self._delimiter, header = self._read_header()
        self._columns = self._name_columns(header)

    def records(self) -> Iterator[Record]:
        """Yield the rows that are not empty; raises FileUnreadable."""
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        while True:
            line = self._before + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._record(line, {}, Problem("", f"is not CSV: {error}"))
                continue
            if any(cell.strip() for cell in cells):
                yield self._read(line, cells)

    def _breaks_off(self, cells: Sequence[str]) -> bool:
        """Whether this is a last line that was not written to its end."""
        return not self._last.endswith(("\n", "\r")) and len(cells) < len(self._columns)

    def _read(self, line: int, cells: Sequence[str]) -> Record:
        if self._breaks_off(cells):
            return self._record(
                line,
                {},
                Problem(
                    "",
                    f"has {len(cells)} of {len(self._columns)} cells and no line end: the file was cut off",
                ),
            )
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            return self._record(
                line, {}, Problem("", f"has {len(cells)} cells under {len(self._columns)} columns")
            )
        values = {
            column: text
            for column, cell in zip(self._columns, cells, strict=False)
            if column and (text := _text(cell)) is not None
        }
        return self._record(line, values)

    def _record(self, line: int, values: dict[str, str], problem: Problem | None = None) -> Record:
        return Record(self._section.name, self._name, line, values, is_text=True, problem=problem)

    def _decoded(self, content: Content) -> io.TextIOWrapper:
        if content.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise self._not_utf8()
        return io.TextIOWrapper(content, encoding="utf-8-sig", newline="")

    def _not_utf8(self, byte: bytes = b"") -> FileUnreadable:
        found = f" (it has the byte {byte[0]:#04x}, as files in Windows-1252 do)" if byte else ""
        return FileUnreadable(
            f"{self._name} is not UTF-8{found}. Save it as «CSV UTF-8»; nothing of it was imported."
        )

    def _lines(self) -> Iterator[str]:
        try:
            for line in self._stream:
                self._last = line
                yield line
        except UnicodeDecodeError as error:
            raise self._not_utf8(error.object[error.start : error.start + 1]) from None

    def _read_header(self) -> tuple[str, list[str]]:
        lines = self._lines()
        self._before = 1
        first = next(lines, "")
        given = re.fullmatch(r"\ufeff?sep=(.)\s*", first)
        if given:
            self._before = 2
            first = next(lines, "")
        candidates = given[1] if given else _DELIMITERS
        read = [(one, self._split(first, one)) for one in candidates]
        return max(read, key=lambda one: sum(name in self._section.columns for name in one[1]))

    def _split(self, line: str, delimiter: str) -> list[str]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return []
        return [re.sub(r"[\s-]+", "_", cell.strip(" \t\r\n\ufeff").casefold()) for cell in cells]

    def _name_columns(self, header: Sequence[str]) -> list[str]:
        """Return the columns by place, "" for those that mean nothing here."""
        known = [name if name in self._section.columns else "" for name in header]
        self.unknown = [name for name in header if name and name not in known]
        given = [name for name in known if name]
        for name in given:
            if given.count(name) > 1:
                raise FileUnreadable(f"{self._name} has the column {name} twice.")
        required = (n for n, one in self._section.row.model_fields.items() if one.is_required())
        for name in required:
            if name not in given:
                raise FileUnreadable(self._lacks(name, header))
        is_of_members = issubclass(self._section.row, RowOfMember)
        if is_of_members and not any(name in given for name in _SOMEBODY):
            raise FileUnreadable(self._lacks("discord_id, uid or username", header))
        return known

    def _lacks(self, name: str, header: Sequence[str]) -> str:
        found = ", ".join(one for one in itertools.islice(header, 20) if one) or "nothing"
        return f"{self._name} has no column {name}. Its first line has: {found}."


def _text(cell: str) -> str | None:
    return None if not cell.strip() else (read_cell(cell) or "").strip(" \xa0")
