"""Profiles: one's own to edit, everybody's to see."""

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection

ANY = {"If-Match": "*"}


@pytest.mark.parametrize("path", ["/api/members", "/api/members/me", "/api/members/1"])
async def test_nobody_sees_members_without_signing_in(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status_code == 401


async def test_a_change_keeps_what_it_does_not_name(farout: Farout) -> None:
    browser = await farout.signed_in()

    await browser.patch("/api/members/me", json={"bio": " First line\nSecond "}, headers=ANY)
    answer = await browser.patch("/api/members/me", json={"display_name": " Zoë 🪐 "}, headers=ANY)

    assert answer.json()["display_name"] == "Zoë 🪐"
    assert answer.json()["bio"] == "First line\nSecond"
    assert answer.json()["updated_at"] > answer.json()["created_at"]
    assert (await browser.patch("/api/members/me", json={"bio": ""}, headers=ANY)).json()[
        "bio"
    ] is None


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"display_name": ""},
        {"display_name": "   "},
        {"display_name": None},
        {"display_name": "x" * 101},
        {"display_name": "two\nlines"},
        {"display_name": 7},
        {"bio": "x" * 2001},
        {"bio": "nul\0"},
        {"rank": "admiral"},
        {"discord_id": "1"},
        {"stats": {}},
    ],
)
async def test_a_change_that_is_not_allowed_changes_nothing(
    farout: Farout, change: dict[str, object]
) -> None:
    browser = await farout.signed_in()
    before = (await browser.get("/api/members/me")).json()

    answer = await browser.patch("/api/members/me", json=change, headers=ANY)

    assert answer.status_code == 422
    assert (await browser.get("/api/members/me")).json() == before


async def test_sees_others_but_changes_only_oneself(farout: Farout) -> None:
    nova, cosmo = await farout.signed_in(NOVA_ID), await farout.signed_in(COSMO_ID)
    await nova.patch("/api/members/me", json={"display_name": "Nova the Great"}, headers=ANY)

    seen = await cosmo.get(f"/api/members/{NOVA_ID}")

    assert seen.json()["display_name"] == "Nova the Great"
    assert (await cosmo.get("/api/members/me")).json()["display_name"] == "Cosmo Lindqvist"
    assert (await cosmo.patch(f"/api/members/{NOVA_ID}", json={"bio": "x"})).status_code == 405


async def test_a_member_who_is_not_there_is_not_found(farout: Farout) -> None:
    browser = await farout.signed_in()

    assert (await browser.get("/api/members/123")).json()["code"] == "member_not_found"
    assert (await browser.get("/api/members/abc")).status_code == 422


async def test_lists_members_by_name_page_by_page(
    farout: Farout, community_owner: Connection
) -> None:
    browser = await farout.signed_in()
    await community_owner.execute(
        "INSERT INTO members (discord_id, display_name)"
        " SELECT n::text, 'Pilot ' || lpad(n::text, 3, '0') FROM generate_series(1, 25) n"
    )

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"search": "pilot", "limit": 10} | ({"cursor": cursor} if cursor else {})
        page = (await browser.get("/api/members", params=query)).json()  # type: ignore[arg-type]
        found += [member["display_name"] for member in page["items"]]
        cursor = page["next_cursor"]

    assert found == [f"Pilot {number:03}" for number in range(1, 26)]


async def test_an_account_without_discord_has_no_profile(
    farout: Farout, auth_owner: Connection
) -> None:
    browser = await farout.signed_in()
    await auth_owner.execute("UPDATE users SET discord_id = NULL")

    answer = await browser.get("/api/members/me")
    page = await browser.get("/profile", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_linked_to_discord")
    assert page.status_code == 200
