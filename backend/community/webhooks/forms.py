"""What the forms of webhooks send, before it is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

from fastapi import Depends, Form
from pydantic import ValidationError

from backend.community.events.catalogue import EVENT_TYPES, EventType

_NAMES = {
    "url": "The address",
    "description": "The description",
    "event_types": "The choice of events",
}
_REASONS = {
    "string_too_short": "must not be empty",
    "too_short": "must hold one at least",
    "string_too_long": "is too long",
}


@dataclass(frozen=True)
class Filled:
    """A filled in form."""

    fields: dict[str, Any]

    def complaint(self, error: ValidationError) -> str:
        """Say of the first thing that is wrong what it is."""
        first = error.errors()[0]
        who = _NAMES.get(str(first["loc"][0]) if first["loc"] else "", "The form")
        message = str(first["msg"]).removeprefix("Value error, ")
        return f"{who} {_REASONS.get(first['type'], message)}."


async def _filled(
    url: Annotated[str, Form()] = "",
    description: Annotated[str, Form()] = "",
    event_types: Annotated[list[str] | None, Form()] = None,
) -> Filled:
    return Filled(
        {"url": url.strip(), "description": description, "event_types": event_types or []}
    )


WebhookForm = Annotated[Filled, Depends(_filled)]


def event_groups() -> Mapping[str, Sequence[EventType]]:
    """Return the types of events by what they are about, as the forms show them."""
    by_subject = sorted(EVENT_TYPES.values(), key=_subject)
    return {subject: list(kinds) for subject, kinds in groupby(by_subject, key=_subject)}


def _subject(kind: EventType) -> str:
    return kind.name.partition(".")[0]
