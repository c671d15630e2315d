"""What becomes of a row, and what every handler may ask about the import that it is part of."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done with a row, or would be; ``reason`` explains an error, and what was left alone."""

    action: Action
    field: str = ""
    reason: str = ""


CREATED = Outcome(Action.CREATE)
UNCHANGED = Outcome(Action.UNCHANGED)


def updated(*fields: str) -> Outcome:
    return Outcome(Action.UPDATE, ", ".join(fields))


def refused(field: str, reason: str) -> Outcome:
    return Outcome(Action.ERROR, field, reason)


@dataclass
class Import:
    """The import of one file."""

    name: str
    off_ladder: set[str] = field(default_factory=set)
    # Whether the file brings careers, which then decide what rank somebody has.
    has_careers: bool = False
    # A dry run looks at rows without keeping everybody else from them.
    locks: bool = True
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


# Rows of one section, of which no two are about the same thing.
Handler = Callable[[AsyncSession, Sequence[Any], Import], Awaitable[list[Outcome]]]
