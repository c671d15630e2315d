"""Cells of a spreadsheet: no text is taken for a formula, and reading gives back exactly what was written.

Spreadsheets run what begins with an operator, also behind blanks and in full width. Such a text gets
an apostrophe in front, which they take for "this is text". So that reading can take it off again
without touching anybody's own apostrophes, a text of apostrophes before such a beginning gets one
more. An empty cell is nothing; a lone apostrophe is the empty text.
"""

import re

_BEGINNING = r"(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])"
_NEEDS_ONE = re.compile(rf"'*(?:{_BEGINNING}|\Z)")
_HAS_ONE = re.compile(rf"'+(?:{_BEGINNING}|\Z)")


def write_cell(text: str | None) -> str:
    """Return a text as a cell that no spreadsheet runs."""
    if text is None:
        return ""
    return f"'{text}" if _NEEDS_ONE.match(text) else text


def read_cell(cell: str) -> str | None:
    """Return the text that ``write_cell`` was given, None for an empty cell."""
    if not cell:
        return None
    return cell[1:] if _HAS_ONE.match(cell) else cell
