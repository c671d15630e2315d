"""The cases of session_csrf.json that are about bearer and refresh tokens, judged for real."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection
from tests.security import expectations
from tests.security.corpora import Case, by_id, cases
from tests.security.steps import World

_ABOUT_TOKENS = ("se-authz-", "se-refresh-", "se-bearer-", "se-token-", "se-both-", "se-revoke-")
_BEARER_WRITES = ("csrf-x0", "csrf-x1")
SIGN_IN = [
    {"do": "GET {login}", "save": {"state": "location.query.state"}},
    {"do": "GET {callback}?code=good-code&state={state}", "expect": {"session": "new"}},
]
# What the corpus tells in words alone is played by these.
TOLD = {
    "se-refresh-crash": "tests/processes/test_kill_during_refresh.py",
    "se-refresh-expired": "test_refreshing_never_outlives_the_session",
    "se-refresh-other-client": "test_a_client_of_the_standard_refreshes_with_a_form",
}
CHOSEN = [
    case
    for case in cases("session_csrf")
    if case["id"].startswith(_ABOUT_TOKENS) or case["id"] in _BEARER_WRITES
]


@pytest.fixture
async def world(
    farout: Farout, auth_owner: Connection, community_owner: Connection
) -> AsyncIterator[World]:
    """Yield a site at which A and B are signed in, with tokens for programs."""
    async with World(farout, auth_owner, community_owner, expectations.judge) as world:
        for name in ("A", "B"):
            await world.play({"steps": [{"actor": name, **step} for step in SIGN_IN]})
            issued = (await world.person(name).send("POST", "/auth/token")).json()
            world.values |= {
                f"{name}.session": world.person(name).session_cookie or "",
                f"{name}.token": issued["access_token"],
                f"{name}.refresh": issued["refresh_token"],
            }
        names = {"tok": "A.token", "tok2": "B.token", "r1": "A.refresh"}
        world.values |= {name: world.values[meant] for name, meant in names.items()}
        yield world


@pytest.mark.asvs("10.4.5")
@pytest.mark.parametrize("case", by_id(case for case in CHOSEN if case["steps"]))
async def test_tokens_stand_up_to(case: Case, world: World) -> None:
    for step in case["steps"]:
        await world.play({"steps": [_with_tokens(step, world.values)]})


def test_every_case_in_words_is_played_somewhere() -> None:
    assert {case["id"] for case in CHOSEN if not case["steps"]} == TOLD.keys()


def _with_tokens(step: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """Put the tokens in; writing about oneself is another route here, and takes no empty body."""
    if step["do"] == "POST {me}":
        step = step | {"do": "PATCH /api/members/me", "body": '{"bio": "by program"}'}
        step["headers"] = step["headers"] | {"If-Match": "*"}
    text = json.dumps(step)
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    filled: dict[str, Any] = json.loads(text)
    return filled
