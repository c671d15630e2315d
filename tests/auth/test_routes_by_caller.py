"""Each route of the auth side, tried by everybody; what they get stands in routes_by_caller.txt."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from backend.auth.routes import internal_routes, routes
from tests.auth.callers import CALLERS
from tests.fixtures.application import Browser, Farout
from tests.fixtures.community import People
from tests.fixtures.databases import Connection

TABLE = Path(__file__).parent / "routes_by_caller.txt"
# What an answer means, in the words of the table; anything but a refusal of the caller is `in`.
WORDS = {
    "not_signed_in": "sign-in",
    "account_banned": "banned",
    "email_not_verified": "verify",
    "password_change_required": "change",
    "admin_required": "admin",
    "step_up_required": "prove",
    "impersonation_only_looks": "looks",
    "session_cookie_required": "cookie",
    "internal_token_required": "key",
    "internal_token_refused": "key",
}
# Refusals of what was sent, not of whoever sent it.
OF_THE_REQUEST = {"state_refused"}
# Something of the right form that is not there, so that nothing happens to anybody.
VALUES = {"code_id": "77"}
AN_ID = "0198c0de-0000-7000-8000-000000000001"
# What ends the session that asks comes last.
LAST = ("POST /auth/logout", "POST /sign-out")
A_STREAM = "GET /internal/revocations"


def rows() -> dict[str, dict[str, str]]:
    """Return the word of each caller for each route."""
    columns: list[str] = []
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("METHOD"):
            columns = line.split()[2:]
        elif line and not line.startswith("#"):
            method, path, *words = line.split()
            found[f"{method} {path}"] = dict(zip(columns, words, strict=True))
    return found


def existing() -> set[str]:
    """Return what stands in the router, whatever kind of route it is."""
    assert all(isinstance(route, Route | APIRoute) for route in (*routes, *internal_routes))
    return {
        f"{method} {route.path}"
        for route in (*routes, *internal_routes)
        if isinstance(route, Route | APIRoute)
        for method in route.methods or ()
        if method != "HEAD"
    }


@pytest.fixture
async def people(
    keyed: Farout, auth_owner: Connection, community_owner: Connection
) -> AsyncIterator[People]:
    people = People(keyed, auth_owner, community_owner)
    yield people
    await people.close()


async def word_for(browser: Browser, route: str) -> str:
    """Ask as somebody who knows the addresses, and say in a word how far they got."""
    answer = await _ask(browser, route)
    assert answer.status_code < 500, (route, answer.text)
    if answer.status_code not in (401, 403):
        return "in"
    code = answer.json()["code"]
    assert code in WORDS or code in OF_THE_REQUEST, (route, answer.text)
    return WORDS.get(code, "in")


async def _ask(browser: Browser, route: str) -> httpx2.Response:
    method, path = route.split()
    address = re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], AN_ID), path)
    body: dict[str, str] | None = None if method == "GET" else {}
    return await browser.request(method, address, json=body)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert existing() == rows().keys()


def test_every_row_says_what_each_caller_gets() -> None:
    words = {*WORDS.values(), "in"}

    assert all(row.keys() == CALLERS.keys() for row in rows().values())
    assert {word for row in rows().values() for word in row.values()} <= words


@pytest.mark.parametrize("name", CALLERS)
async def test_everybody_gets_what_the_table_says(
    name: str, people: People, auth_owner: Connection
) -> None:
    browser = await CALLERS[name](people, auth_owner)
    table = rows()
    ordered = sorted(table, key=lambda route: (route in LAST, route))

    got = {route: await _word(people, browser, route) for route in ordered}

    assert got == {route: table[route][name] for route in ordered}


async def _word(people: People, browser: Browser, route: str) -> str:
    if route != A_STREAM:
        return await word_for(browser, route)
    # Whoever gets in hears notices until the process ends.
    asked = asyncio.create_task(word_for(browser, route))
    readers = people.farout.auth.revocations
    while not asked.done() and len(readers) == 0:  # noqa: ASYNC110 - nobody can tell us
        await asyncio.sleep(0)
    readers.end_all()
    return await asked
