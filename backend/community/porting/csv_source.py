"""Reading CSV: a file, a folder of files, or a zip of them; a file is named after its section."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from backend.community.porting.csv_table import Content, CsvTable
from backend.community.porting.digests import digest_of
from backend.community.porting.errors import FileUnreadable
from backend.community.porting.records import Record
from backend.community.porting.sections import SECTIONS

# What only the zips of Excel, OpenDocument and Numbers hold.
_WORKBOOK = {"[content_types].xml", "content.xml", "document.iwa"}


class CsvSource:
    """What ``farout community export --format csv`` writes, or what somebody has put together."""

    def __init__(self, path: Path, section: str | None = None) -> None:
        self.name = path.name
        self.remarks: list[str] = []
        self._path = path
        self._is_zip = path.is_file() and zipfile.is_zipfile(path)
        self._files = self._find(section)

    def digest(self) -> str:
        if self._path.is_file():
            return digest_of([self._path])
        return digest_of([self._path / name for name in self._files.values()])

    def records(self) -> Iterator[Record]:
        """Yield the rows, section by section; raises FileUnreadable."""
        self.remarks = self._passed_over()
        for section, name in self._files.items():
            with self._open(name) as content:
                table = CsvTable(SECTIONS[section], PurePosixPath(name).name, content)
                if table.unknown:
                    columns = ", ".join(table.unknown)
                    self.remarks.append(f"{name}: columns that mean nothing here: {columns}")
                yield from table.records()

    @contextmanager
    def _open(self, name: str) -> Iterator[Content]:
        try:
            if self._is_zip:
                with zipfile.ZipFile(self._path) as archive, archive.open(name) as entry:
                    yield entry  # type: ignore[misc]
            else:
                path = self._path / name if self._path.is_dir() else self._path
                with path.open("rb") as file:
                    yield file
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
            raise FileUnreadable(f"{self.name} is broken, or a zip with a password.") from None

    def _find(self, section: str | None) -> dict[str, str]:
        if self._path.is_file() and not self._is_zip:
            if section is not None and section not in SECTIONS:
                raise FileUnreadable(f"{section} is no section; one of {', '.join(SECTIONS)} is.")
            name = section or self._path.stem.casefold()
            if name not in SECTIONS:
                raise FileUnreadable(
                    f"{self.name}: say with --section what it holds: {', '.join(SECTIONS)}."
                )
            return {name: self.name}
        found = self._by_name()
        files = {
            one.name: found[one.file_name] for one in SECTIONS.values() if one.file_name in found
        }
        if not files:
            raise FileUnreadable(self._lacks_all(found))
        return files

    def _by_name(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in self._names():
            name = PurePosixPath(one).name.casefold()
            if name.endswith(".csv") and name in found:
                raise FileUnreadable(f"{self.name} has two files {name}: {found[name]} and {one}.")
            found[name] = one
        return found

    def _lacks_all(self, found: Mapping[str, str]) -> str:
        if found.keys() & _WORKBOOK:
            return (
                f"{self.name} is a workbook: save each of its sheets as «CSV UTF-8», named after what"
                " it holds (members.csv, completions.csv …), and import these."
            )
        expected = ", ".join(one.file_name for one in SECTIONS.values())
        return f"{self.name} has none of the files of an import: {expected}."

    def _names(self) -> list[str]:
        if self._path.is_dir():
            return [path.name for path in sorted(self._path.iterdir()) if path.is_file()]
        with zipfile.ZipFile(self._path) as archive:
            return [name for name in archive.namelist() if not name.startswith("__MACOSX/")]

    def _passed_over(self) -> list[str]:
        known = set(self._files.values())
        if self._path.is_file() and not self._is_zip:
            return []
        others = [name for name in self._names() if name not in known and name.endswith(".csv")]
        return [f"{name}: not a file of an export, passed over" for name in others]
