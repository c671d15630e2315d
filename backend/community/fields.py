"""The kinds of text, number and time that requests of this side bring."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from backend.community.text_fields import one_line, readable, written

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
# Clocks differ a little.
TOLERANCE = timedelta(minutes=5)


def _time(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError("must lie between 2000 and 2100")
    return value.astimezone(UTC)


def _past(value: datetime) -> datetime:
    if value > datetime.now(UTC) + TOLERANCE:
        raise ValueError("must not lie in the future")
    return value


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Line = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(one_line)]
Note = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(written)]
LongText = Annotated[str, Field(max_length=20_000), AfterValidator(readable)]
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


class Change(Body):
    """What to change: what is left out stays, and null is for what may be empty."""

    NEVER_EMPTY: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one field")
        for name in self.NEVER_EMPTY:
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self
