"""A Discord to develop and test against: same answers, same refusals, nobody's real account."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from backend.devtools.discord import authorization
from backend.devtools.discord.application import build_application
from backend.devtools.discord.authorization import ErrorPageError
from backend.devtools.discord.callback import RedirectError
from backend.devtools.discord.calls import Call
from backend.devtools.discord.faults import Faults
from backend.devtools.discord.people import Person, Profile
from backend.devtools.discord.registry import Registry
from backend.devtools.discord.settings import (
    STANDIN_CLIENT_ID,
    STANDIN_CLIENT_SECRET,
    StandinSettings,
    refuse_unsafe,
)
from backend.devtools.discord.state import StandinState

__all__ = [
    "STANDIN_CLIENT_ID",
    "STANDIN_CLIENT_SECRET",
    "Standin",
    "StandinSettings",
    "create_standin",
]


@dataclass(frozen=True)
class Standin:
    """The ASGI app, and what tests may look at and turn."""

    app: ASGIApp
    state: StandinState

    @property
    def faults(self) -> Faults:
        return self.state.faults

    @property
    def calls(self) -> list[Call]:
        return self.state.calls

    @property
    def people(self) -> dict[str, Person]:
        return self.state.people

    def count_calls(self, endpoint: str) -> int:
        """Count the calls of one endpoint, named as in ``calls.ENDPOINTS``."""
        return sum(call.endpoint == endpoint for call in self.calls)

    def add_person(
        self,
        profile: Profile,
        *,
        note: str = "Added later",
        memberships: dict[str, dict[str, Any]] | None = None,
        banned_from: frozenset[str] = frozenset(),
    ) -> Person:
        """Add somebody, or replace whoever has this id; the profile may lack anything else."""
        person = Person(profile, note, memberships or {}, banned_from)
        self.people[person.id] = person
        return person

    def approve(self, authorize_url_or_query: str, person_id: str) -> str:
        """Click Authorize as this person: return the address that the browser is sent to.

        Raises ValueError where Discord would show an error page instead.
        """
        return self._decide(
            authorize_url_or_query,
            lambda asked: authorization.authorize(self.state, asked, person_id),
        )

    def cancel(self, authorize_url_or_query: str) -> str:
        """Click Cancel: return the address that the browser is sent to."""
        return self._decide(
            authorize_url_or_query, lambda asked: authorization.cancel(self.state, asked)
        )

    def reset(self) -> None:
        """Forget tokens, consents, faults and calls, and bring back the first people."""
        self.state.reset()

    def _decide(
        self, address: str, decision: Callable[[authorization.AuthorizationRequest], str]
    ) -> str:
        query = urlsplit(address).query or address.lstrip("?")
        try:
            return decision(authorization.read_request(self.state, query))
        except RedirectError as error:
            return error.url
        except ErrorPageError as error:
            raise ValueError(f"The stand-in shows an error page: {error}") from error


def create_standin(settings: StandinSettings, *, clock: Callable[[], float] = time.time) -> Standin:
    """Build a stand-in; ValueError if this might be anything but a development machine."""
    refuse_unsafe(settings)
    state = StandinState(settings=settings, clock=clock, registry=Registry(clock))
    return Standin(app=build_application(state), state=state)
