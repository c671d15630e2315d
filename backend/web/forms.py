"""Forms that need no JavaScript: what they send, and in their own words why it was refused."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from backend.errors import FaroutError
from backend.web.error_responses import status_of

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_UNPROCESSABLE = 422


class SentForm:
    """The texts of a form, as schemas want them; files are left out."""

    def __init__(self, sent: FormData | None = None) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in (sent or FormData()).multi_items():
            if isinstance(value, str):
                # Browsers send line breaks as two characters.
                self._values.setdefault(name, []).append(value.replace("\r\n", "\n"))

    def value(self, name: str) -> str:
        return self._values.get(name, [""])[0]

    def values(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def pairs(self) -> list[tuple[str, list[str]]]:
        """Return everything that was sent, in one order."""
        return sorted(self._values.items())

    def maybe(self, name: str) -> str | None:
        """Return a text, None for an empty field."""
        return self.value(name).strip() or None

    def number(self, name: str) -> int | str | None:
        """Return a whole number; anything else as it is, for the schema to refuse."""
        text = self.maybe(name)
        return int(text) if text and _WHOLE_NUMBER.fullmatch(text) else text

    def decimal(self, name: str) -> float | str | None:
        """Return a number with a point or without; anything else as it is, for the schema to refuse."""
        text = self.maybe(name)
        return float(text) if text and _DECIMAL.fullmatch(text) else text

    def moment(self, name: str) -> str | None:
        """Return what a field for day and time says, which is UTC here."""
        text = self.maybe(name)
        return f"{text}+00:00" if text else None

    def has(self, name: str) -> bool:
        return name in self._values

    def words(self, name: str) -> list[str]:
        """Return what stands in a field, separated by blanks or commas."""
        return re.split(r"[\s,]+", self.value(name).strip(" \t\n,")) if self.maybe(name) else []

    def lines(self, name: str) -> list[str]:
        """Return the lines of a field that are not empty."""
        return [line.strip() for line in self.value(name).split("\n") if line.strip()]


async def read_form(request: Request) -> SentForm:
    async with request.form() as sent:
        return SentForm(sent)


Sent = Annotated[SentForm, Depends(read_form)]


@dataclass(frozen=True)
class Refusal:
    """Why a form was refused: shown in it, with everything that was typed into it."""

    message: str
    status: int
    form: str
    field: str | None
    sent: SentForm


@dataclass
class Attempt:
    """What became of what a form asked for."""

    refusal: Refusal | None = None


@asynccontextmanager
async def attempt(db: AsyncSession, sent: SentForm, form: str = "form") -> AsyncIterator[Attempt]:
    """Try what a form asks for; if it is refused nothing of it stays, and ``refusal`` says why.

    Whatever was read before and changed inside has to be read again after a refusal.
    """
    tried = Attempt()
    try:
        async with db.begin_nested():
            yield tried
    except ValidationError as error:
        name, message = complaint(error)
        tried.refusal = Refusal(message, _UNPROCESSABLE, form, name, sent)
    except FaroutError as error:
        tried.refusal = Refusal(str(error), status_of(error), form, None, sent)


def complaint(error: ValidationError, names: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return which field is wrong, "" for the whole form, and a sentence that says why."""
    first = error.errors()[0]
    name = next((part for part in reversed(first["loc"]) if isinstance(part, str)), "")
    reason = _reason(first["type"], first.get("ctx", {}), str(first["msg"]))
    if not name:
        return "", f"{reason[:1].upper()}{reason[1:]}."
    called = (names or {}).get(name) or f"The {name.replace('_', ' ')}"
    return name, f"{called} {reason}."


def _reason(kind: str, facts: Mapping[str, Any], message: str) -> str:
    if kind == "string_pattern_mismatch":
        return _pattern_reason(str(facts.get("pattern", "")))
    reasons = {
        "string_too_short": "must not be empty",
        "string_type": "must be given",
        "missing": "must be given",
        "model_type": "must be given",
        "datetime_type": "must be given",
        "string_too_long": f"may have {facts.get('max_length')} characters at most",
        "too_short": "must not be empty",
        "too_long": f"may have {facts.get('max_length')} entries at most",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
        "float_parsing": "must be a number",
        "greater_than_equal": f"must be {facts.get('ge')} or more",
        "less_than_equal": f"must be {facts.get('le')} or less",
        "less_than": f"must be less than {facts.get('lt')}",
        "literal_error": f"must be one of {facts.get('expected')}",
        "enum": "must be one of the choices",
        "uuid_parsing": "must be chosen",
    }
    if kind.startswith(("date_", "datetime_")) and kind not in reasons:
        return "is no date that there is"
    return reasons.get(kind) or message.removeprefix("Value error, ")


def _pattern_reason(pattern: str) -> str:
    if pattern.startswith("^[0-9]"):
        return "must be a number of Discord's, digits alone"
    if pattern.startswith("^https"):
        return "must be an address that begins with https://"
    return "may have small letters, digits, - and _ alone, and begins with none of these two"
