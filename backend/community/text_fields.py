"""What people may write: trimmed, and nothing that PostgreSQL cannot keep or nobody can see."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

# They turn the direction of the text around them, which is how one name passes for another.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def readable(value: str) -> str:
    """Trim a text of several lines; raises ValueError."""
    if not value.isprintable() and any(_is_hidden(char) for char in value):
        raise ValueError("holds characters that are not text")
    return value.strip()


def one_line(value: str) -> str:
    """Trim a text of one line that is not empty; raises ValueError."""
    line = readable(value)
    if not line or not line.isprintable() or "\n" in value or "\r" in value:
        raise ValueError("must be one line of readable text")
    return line


def written(value: str) -> str:
    text = readable(value)
    if not text:
        raise ValueError("must not be empty")
    return text


def _is_hidden(char: str) -> bool:
    if char in "\n\r\t":
        return False
    return char in _TURNING or unicodedata.category(char) in ("Cc", "Cs")


Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(one_line)]
Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(written)]
LongText = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(written)]
Remark = Annotated[str, Field(max_length=2000), AfterValidator(readable)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
