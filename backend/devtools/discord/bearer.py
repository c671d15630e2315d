"""Whose token is this, and what may it do?"""

from dataclasses import dataclass

from starlette.requests import Request

from backend.devtools.discord.answers import unauthorized
from backend.devtools.discord.people import Person
from backend.devtools.discord.registry import TokenPair
from backend.devtools.discord.state import state_of


@dataclass(frozen=True)
class Bearer:
    person: Person
    token: TokenPair

    def may(self, scope: str) -> bool:
        return scope in self.token.scopes


def bearer_of(request: Request, scope: str | None = None) -> Bearer:
    """Return the caller; a dead token and a missing scope look the same (docs: facts 2.1)."""
    state = state_of(request)
    scheme, _, access_token = request.headers.get("authorization", "").partition(" ")
    token = state.registry.find_access(access_token)
    if scheme.lower() != "bearer" or token is None or token.person_id not in state.people:
        raise unauthorized()
    bearer = Bearer(state.people[token.person_id], token)
    if scope is not None and not bearer.may(scope):
        raise unauthorized()
    return bearer
