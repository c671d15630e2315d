"""One row of a file, wherever it came from, before anybody has looked at what it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from backend.community.porting.sections import SECTIONS
from backend.community.porting.values import Row


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be imported; ``field`` is empty when it is the row as a whole."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it was read. ``is_text`` says that every value is the text of a cell."""

    section: str
    file: str
    line: int
    values: dict[str, Any]
    is_text: bool = False
    problem: Problem | None = None


class Source(Protocol):
    """A file, a zip or a folder; ``records`` gives the same rows in the same order each time."""

    name: str
    # What should be known and stops nothing, such as columns that mean nothing here.
    remarks: list[str]

    def records(self) -> Iterator[Record]: ...

    def digest(self) -> str: ...


def read_row(record: Record) -> Row | Problem:
    """Check what a row says."""
    if record.problem is not None:
        return record.problem
    try:
        return SECTIONS[record.section].row.model_validate(
            record.values, strict=False if record.is_text else None
        )
    except ValidationError as error:
        return _problem(error)


def _problem(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        return Problem(field, "is missing")
    if first["type"] == "extra_forbidden":
        return Problem(field, "is not a field of this section")
    message = first["msg"].removeprefix("Value error, ")
    return Problem(field, f"{message[0].lower()}{message[1:]}")
