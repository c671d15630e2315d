"""How events travel from the outbox to the mirror: one interface, three transports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.bridge.events import Event


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an event did not arrive; the text may be stored and shown, so it holds no secret.

    ``is_final``: trying again cannot help. ``is_target_away``: it is not this event's fault, so the
    attempt does not count against it. ``retry_after``: not before so many seconds.
    """

    reason: str
    is_final: bool = False
    is_target_away: bool = False
    retry_after: float | None = None


class Transport(Protocol):
    """Takes events to the mirror, at least once and in any order."""

    async def deliver(self, events: Sequence[Event]) -> Sequence[Failure | None]:
        """Return for each event why it failed, or None: then it has arrived for good."""
        ...

    async def close(self) -> None: ...
