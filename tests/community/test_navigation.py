"""Pages lead to what their reader may do, and to nothing else."""

import re

import pytest

from backend.bridge.identity import Role
from backend.community.access.permissions import Permission
from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.web.navigation import SECTIONS
from tests.community.test_routes_by_role import rows
from tests.fixtures.application import Browser
from tests.fixtures.community import People

HTML = {"Accept": "text/html"}


async def links_of(browser: Browser, path: str) -> set[str]:
    answer = await browser.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.text)
    return set(re.findall(r'(?:href|action)="(/[^"?#]*)', answer.text))


def test_sections_ask_for_permissions_that_exist() -> None:
    assert {name for one in SECTIONS for name in one.needs} <= {name.value for name in Permission}


@pytest.mark.parametrize("role", ["member", "officer", "admin"])
async def test_a_section_is_linked_exactly_where_it_lets_in(people: People, role: Role) -> None:
    browser = await people.sign_in(COSMO_ID, role=role)
    open_to = {path for path in rows() if role in rows()[path]}

    links = await links_of(browser, "/profile")

    linked = {one.path for one in SECTIONS if one.path in links}
    assert linked == {one.path for one in SECTIONS if f"GET {one.path}" in open_to}


@pytest.mark.parametrize("role", ["member", "officer", "admin"])
async def test_no_page_links_to_where_its_reader_may_not_go(people: People, role: Role) -> None:
    await people.sign_in(NOVA_ID)
    browser = await people.sign_in(COSMO_ID, role=role)
    of_nova = [f"/members/{NOVA_ID}", f"/members/{NOVA_ID}/record", f"/members/{NOVA_ID}/access"]
    boards = ["/leaderboards/seasons", "/leaderboards/counters"]
    others = ["/profile", "/posts/~all", "/members?left=true", "/permissions/members.read"]
    pages = [*(one.path for one in SECTIONS), *of_nova, *boards, *others]
    visible = [path for path in pages if (await browser.get(path)).status_code == 200]

    links = {link for path in visible for link in await links_of(browser, path)}

    refused = [
        link
        for link in sorted(links - {"/sign-out"})
        if (await browser.get(link, headers=HTML)).status_code == 403
    ]
    assert refused == []


async def test_the_community_begins_where_somebody_may_enter(people: People) -> None:
    browser = await people.sign_in(COSMO_ID)

    async def entrance() -> str:
        return (await browser.get("/community")).headers["location"]

    assert await entrance() == "/members"
    await people.owner.execute("DELETE FROM role_permissions WHERE permission = 'members.read'")
    assert await entrance() == "/awards"
    await people.owner.execute("DELETE FROM role_permissions")
    assert await entrance() == "/profile"
    assert "/awards" not in await links_of(browser, "/profile")
