"""What stands in a row of a file that people may have made by hand in a spreadsheet."""

import json
import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from backend.community import fields
from backend.community.text_fields import readable

# What spreadsheets make of a long number.
_AS_NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+|[0-9]+[.,]0+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    _DAY.pattern
    + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(?P<zone> ?([Zz]|[+-][0-9]{2}:?[0-9]{2}))?"
)


def _id(value: object) -> object:
    if isinstance(value, int) or (isinstance(value, str) and _AS_NUMBER.fullmatch(value)):
        raise ValueError(
            "was turned into a number, which loses digits; import the column as text, with the whole id"
        )
    return value


def moment(value: object) -> object:
    """Take a moment with its time zone, or a day for its beginning, as text."""
    if not isinstance(value, str):
        return _refuse_number(value)
    if _DAY.fullmatch(value):
        return f"{value}T00:00:00Z"
    found = _MOMENT.fullmatch(value)
    if not found:
        raise ValueError("must be a day such as 2026-05-01 or a moment such as 2026-05-01T19:30Z")
    if not found["zone"]:
        raise ValueError("must say its time zone, such as 2026-05-01T19:30Z")
    return value


def _day(value: object) -> object:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a day such as 2026-05-01")
    return _refuse_number(value)


def _refuse_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("must be a text such as 2026-05-01")
    return value


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _document(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("must be JSON") from None


def _name(value: str) -> str:
    """Take what Discord allows in a name: what is printable, and what joins two emoji into one."""
    line = readable(value)
    if not line or not line.replace("\u200d", "").isprintable():
        raise ValueError("must be one line of readable text")
    return line


Line = fields.Line
DiscordId = Annotated[fields.DiscordId, BeforeValidator(_id)]
Uid = Annotated[UUID, Field(strict=False)]
Moment = Annotated[fields.Moment, BeforeValidator(moment)]
PastMoment = Annotated[fields.PastMoment, BeforeValidator(moment)]
Day = Annotated[date, Field(strict=False), BeforeValidator(_day)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
Link = Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$")]
Links = Annotated[list[fields.Link], Field(max_length=5), BeforeValidator(_words)]
Document = Annotated[dict[str, Any], BeforeValidator(_document)]


class Row(BaseModel):
    """A row: nothing beside the named fields. What is left out stays as it is, or gets its default."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RowOfMember(Row):
    """A row about somebody, who is named by one of these."""

    discord_id: DiscordId | None = None
    uid: Uid | None = None
    username: Line | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> "RowOfMember":
        if self.discord_id is None and self.uid is None and self.username is None:
            raise ValueError("says of nobody; give discord_id, uid or username")
        return self
