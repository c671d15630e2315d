"""Switches for what can go wrong at Discord; everything is off until a test says otherwise."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

import httpx2

IssMode = Literal["on", "off", "wrong", "duplicate"]


@dataclass(frozen=True, kw_only=True)
class CannedAnswer:
    """An answer given instead of the real one: nothing is issued, used up or revoked."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong with one call; ``fault_kinds`` has ready-made ones.

    First the ``delay`` passes. Then the connection ends with ``breaks_with``, or the canned
    ``answer`` is sent, or the real answer is, with ``change`` applied to its body.
    """

    delay: float = 0.0
    breaks_with: type[httpx2.TransportError] | None = None
    answer: CannedAnswer | None = None
    change: Callable[[bytes], bytes] | None = None


@dataclass
class EndpointFaults:
    """What goes wrong at one endpoint: first what is queued, then what ``always`` does."""

    always: Fault | None = None
    queue: deque[Fault] = field(default_factory=deque)

    def once(self, *faults: Fault) -> None:
        """Let the next calls go wrong, each in its own way, in this order."""
        self.queue.extend(faults)

    def take(self) -> Fault | None:
        return self.queue.popleft() if self.queue else self.always

    def clear(self) -> None:
        self.always = None
        self.queue.clear()


@dataclass
class Faults:
    """The switches, one per endpoint, and ``iss`` (docs: Discord facts 1.3 and 10)."""

    iss: IssMode = "on"
    token: EndpointFaults = field(default_factory=EndpointFaults)
    revoke: EndpointFaults = field(default_factory=EndpointFaults)
    authorization: EndpointFaults = field(default_factory=EndpointFaults)
    user: EndpointFaults = field(default_factory=EndpointFaults)
    guilds: EndpointFaults = field(default_factory=EndpointFaults)
    member: EndpointFaults = field(default_factory=EndpointFaults)
    authorize: EndpointFaults = field(default_factory=EndpointFaults)
    cdn: EndpointFaults = field(default_factory=EndpointFaults)

    def take(self, endpoint: str | None) -> Fault | None:
        """Return what shall go wrong with a call of this endpoint that is happening now."""
        if endpoint is None:
            return None
        found: EndpointFaults = getattr(self, endpoint)
        return found.take()

    def clear(self) -> None:
        self.iss = "on"
        for switch in fields(self):
            found = getattr(self, switch.name)
            if isinstance(found, EndpointFaults):
                found.clear()
