"""The kinds of text, number and time that requests of this side bring."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
# Clocks differ a little.
TOLERANCE = timedelta(minutes=5)


def _text(value: str) -> str:
    """Trim, and refuse what PostgreSQL cannot store or nobody can see."""
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("holds characters that are not text")
    return value.strip()


def _line(value: str) -> str:
    line = _text(value)
    if not line or not line.isprintable():
        raise ValueError("must be one line of readable text")
    return line


def _note(value: str) -> str:
    note = _text(value)
    if not note or any(not char.isprintable() and char not in "\n\t" for char in note):
        raise ValueError("must be readable text")
    return note


def _time(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError("must lie between 2000 and 2100")
    return value.astimezone(UTC)


def _past(value: datetime) -> datetime:
    if value > datetime.now(UTC) + TOLERANCE:
        raise ValueError("must not lie in the future")
    return value


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_line)]
Line = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_line)]
Note = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_note)]
LongText = Annotated[str, Field(max_length=20_000), AfterValidator(_text)]
DiscordId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Points = Annotated[int, Field(ge=0, le=100_000)]
Minutes = Annotated[int, Field(ge=0, le=2880)]
Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_time)]
PastMoment = Annotated[Moment, AfterValidator(_past)]
Link = Annotated[str, Field(max_length=500, pattern=r"^https://[!-~]+$")]
PageSize = Annotated[int, Field(ge=1, le=200)]


class Body(BaseModel):
    """A request's body: nothing beside the named fields, and no number for a text."""

    model_config = ConfigDict(extra="forbid", strict=True)
