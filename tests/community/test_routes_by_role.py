"""Each route of the community, tried as each role; whom it lets in stands in routes_by_role.txt."""

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from backend.bridge.identity import Role
from backend.community.routes import routes
from backend.devtools.discord.seeds import COSMO_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People

REFUSALS = {"not_signed_in", "permission_required", "admin_required"}
# Something of the right form that is not there, so that nothing happens to anybody.
VALUES = {"discord_id": "77", "name": "members.read", "role": "officer", "code": "nothing"}
AN_ID = "0198c0de-0000-7000-8000-000000000001"


def rows() -> dict[str, set[str]]:
    text = (Path(__file__).parent / "routes_by_role.txt").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            method, path, *roles = line.split()
            found[f"{method} {path}"] = set(roles)
    return found


def existing() -> set[str]:
    assert all(isinstance(route, APIRoute) for route in routes)
    return {
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, APIRoute) and not route.path.startswith("/internal/")
        for method in route.methods or ()
    }


async def is_let_in(browser: Browser, route: str) -> bool:
    method, path = route.split()
    address = re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], AN_ID), path)
    body: dict[str, str] | None = None if method == "GET" else {}
    answer = await browser.request(method, address, headers={"If-Match": "*"}, json=body)
    assert answer.status_code < 500, (route, answer.text)
    if answer.status_code not in (401, 403):
        return True
    assert answer.json()["code"] in REFUSALS, (route, answer.text)
    return False


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert existing() == rows().keys()


async def test_nobody_gets_in_without_signing_in(browser: Browser) -> None:
    assert [route for route in sorted(rows()) if await is_let_in(browser, route)] == []


@pytest.mark.parametrize("role", ["member", "officer", "admin"])
async def test_a_role_gets_in_where_its_row_says(people: People, role: Role) -> None:
    browser = await people.sign_in(COSMO_ID, role=role)

    let_in = {route for route in rows() if await is_let_in(browser, route)}

    assert let_in == {route for route, roles in rows().items() if role in roles}
