"""Everything that the stand-in remembers, in one place that its endpoints can reach."""

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request

from backend.devtools.discord.calls import Call
from backend.devtools.discord.faults import Faults
from backend.devtools.discord.people import Person
from backend.devtools.discord.registry import Registry
from backend.devtools.discord.seeds import seeded_people
from backend.devtools.discord.settings import StandinSettings


@dataclass
class StandinState:
    settings: StandinSettings
    clock: Callable[[], float]
    registry: Registry
    faults: Faults = field(default_factory=Faults)
    people: dict[str, Person] = field(default_factory=seeded_people)
    calls: list[Call] = field(default_factory=list)

    def reset(self) -> None:
        """Go back to the beginning; the objects stay the same, so references stay good."""
        self.registry.clear()
        self.faults.clear()
        self.calls.clear()
        self.people.clear()
        self.people.update(seeded_people())


def state_of(request: Request) -> StandinState:
    state: StandinState = request.app.state.standin
    return state
