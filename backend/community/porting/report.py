"""The report of an import: a line for each row, as CSV or JSON Lines."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import orjson

from backend.community.porting.batches import Done
from backend.community.porting.cells import write_cell
from backend.community.porting.errors import FileUnwritable

COLUMNS = ("file", "line", "section", "action", "about", "field", "reason")


class Report:
    """A report file. What was written of rows that come again is cut off: ``length`` is what stays.

    Raises FileUnwritable.
    """

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        self._is_csv = path.suffix == ".csv"
        self._path = path
        with self._writing():
            self._begin(path, keep)

    def _begin(self, path: Path, keep: int) -> None:
        goes_on = keep > 0 and path.exists() and path.stat().st_size >= keep
        self._file: IO[bytes] = path.open("r+b" if goes_on else "w+b")
        self.length = keep if goes_on else 0
        if not goes_on and self._is_csv:
            self.length = self._file.write(_csv([COLUMNS]))

    def write(self, done: Iterable[Done]) -> int:
        """Write rows behind ``length``; returns what it is once they count."""
        lines = [_values(one) for one in done]
        with self._writing():
            self._file.seek(self.length)
            self._file.truncate()
            self._file.write(_csv(lines) if self._is_csv else _json(lines))
            self._file.flush()
            return self._file.tell()

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Say what is wrong with the disk, which a transaction would take for its own trouble."""
        try:
            yield
        except OSError as error:
            raise FileUnwritable(self._path, error) from error


def _values(done: Done) -> tuple[str, ...]:
    record, outcome = done.record, done.outcome
    return (
        record.file, str(record.line), record.section, str(outcome.action), done.about,
        outcome.field, outcome.reason,
    )  # fmt: skip


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    cells = ([write_cell(text or None) for text in line] for line in lines)
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(cells)
    return written.getvalue().encode()


def _json(lines: Sequence[Sequence[str]]) -> bytes:
    rows = (dict(zip(COLUMNS, line, strict=True)) for line in lines)
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
