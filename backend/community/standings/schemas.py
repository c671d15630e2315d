from datetime import date

from pydantic import BaseModel


class Standing(BaseModel):
    """A member's place; whoever has as much has the same one."""

    place: int
    member: str
    display_name: str
    avatar_url: str | None
    value: int


class Leaderboard(BaseModel):
    """The best first. `as_of` is the day up to which a rolling period has been counted."""

    counter: str
    period: str
    as_of: date | None
    items: list[Standing]
    next_cursor: str | None


class OwnPlace(BaseModel):
    """The caller's place among `of` members, or none without anything counted."""

    counter: str
    period: str
    value: int
    place: int | None
    of: int
