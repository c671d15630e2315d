"""Every case of oauth_callback.json, and ours of additional_oauth_callback.json, judged for real."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.devtools.discord.standin import STANDIN_CLIENT_SECRET
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.security import expectations
from tests.security.browsers import TAMPERINGS
from tests.security.corpora import Case, by_id, cases
from tests.security.discord_answers import ACCESS_TOKEN, PEOPLE, REFRESH_TOKEN, usual_profile
from tests.security.oauth_checks import CHECKS
from tests.security.steps import World

PASSWORD = "orbit-lantern-7-violet"
NOT_BUILT = {
    "/auth/other/": "Discord is the only provider",
    "{introspect}": "the auth side has no service clients yet",
    "{webhook}": "both sides run in one process",
}
"""Addresses that cases visit and nothing answers at, and why."""


def addresses(case: Case) -> list[str]:
    """Return what a case visits."""
    nested = [(step, step.get("step", {}), *step.get("parallel", ())) for step in case["steps"]]
    return [one["do"].partition(" ")[2] for steps in nested for one in steps if "do" in one]


def applies(case: Case) -> bool:
    return not any(address.startswith(tuple(NOT_BUILT)) for address in addresses(case))


def filled_out(case: Case) -> list[Case]:
    """A case that names some fields of a profile is two: these alone, and among the usual ones."""
    if not any(is_partial(step) for step in case["steps"]):
        return [case]
    steps = [
        step | {"idp": step["idp"] | {"user": usual_profile("A") | step["idp"]["user"]}}
        if is_partial(step)
        else step
        for step in case["steps"]
    ]
    return [case, case | {"id": f"{case['id']}-and-the-usual-fields", "steps": steps}]


def is_partial(step: dict[str, Any]) -> bool:
    user = step.get("idp", {}).get("user")
    return isinstance(user, dict) and "id" in user and "status" not in user


def tampered(case: Case) -> list[Case]:
    if not any("tamper" in step.get("do", "") for step in case["steps"]):
        return [case]
    return [
        case | {"id": f"{case['id']}-{change.__name__}", "tampering": change}
        for change in TAMPERINGS
    ]


OURS = cases("additional_oauth_callback")
GIVEN = cases("oauth_callback")
PLAYED = [
    variant
    for case in [*(one for given in GIVEN for one in filled_out(given)), *OURS]
    if applies(case)
    for variant in tampered(case)
]


@pytest.fixture
async def world(
    farout: Farout, auth_owner: Connection, community_owner: Connection
) -> AsyncIterator[World]:
    """Yield a site that has one admin already, whose address is known to everybody."""
    await auth_owner.execute(
        "INSERT INTO users (username, email, role) VALUES ('admin', 'admin@example.test', 'admin')"
    )
    async with World(farout, auth_owner, community_owner, expectations.judge) as world:
        yield world


async def let_people_link(world: World) -> None:
    """Sign A and X in to accounts with a password alone, and give B the account of B's Discord."""
    hashed = await world.farout.auth.passwords.hash(PASSWORD)
    for name in ("A", "X"):
        await world.auth_owner.execute(
            "INSERT INTO users (username, hashed_password) VALUES ($1, $2)", name, hashed
        )
        body = {"identifier": name, "password": PASSWORD}
        assert (await world.person(name).send("POST", "/auth/login", json=body)).status_code == 200
    await world.auth_owner.execute(
        "INSERT INTO users (username, discord_id) VALUES ('B', $1)", PEOPLE["B"]
    )


@pytest.mark.asvs("10.1.2")
@pytest.mark.asvs("10.2.1")
@pytest.mark.asvs("10.2.2")
@pytest.mark.parametrize("case", by_id(PLAYED))
async def test_the_sign_in_stands_up_to(
    case: Case, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    if any(address.startswith("{link}") for address in addresses(case)):
        await let_people_link(world)
    world.tampering = case.get("tampering", world.tampering)

    await world.play(case)

    if "check" in case:
        await CHECKS[case["id"]](world)
    told = [*(expectations.whole(response) for response in world.transcript), caplog.text]
    for secret in (STANDIN_CLIENT_SECRET, ACCESS_TOKEN, REFRESH_TOKEN):
        assert [text for text in told if secret in text] == []


@pytest.mark.parametrize("address", NOT_BUILT)
async def test_what_is_left_out_does_not_exist(
    browser: Browser, world: World, address: str
) -> None:
    visited = [one for case in [*GIVEN, *OURS] for one in addresses(case)]
    for path in (address, *(one for one in visited if one.startswith(address))):
        for method in ("GET", "POST"):
            response = await browser.request(method, world.fill(path))
            assert response.status_code == 404, (method, path, response.text)
