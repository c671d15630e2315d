"""Names, addresses and pictures: what is taken over from Discord and what never collides."""

import pytest

from backend.devtools.discord import seeds
from tests.fixtures.application import Farout, one_row
from tests.fixtures.databases import Connection

FIRST, SECOND = "510000000000001234", "510000000000005678"


async def test_only_a_verified_address_is_stored(farout: Farout, auth_owner: Connection) -> None:
    for person in (seeds.NOVA_ID, seeds.STELLA_ID, seeds.ORION_ID):
        await farout.signed_in(person)

    rows = await auth_owner.fetch("SELECT discord_id, email FROM users")
    assert {row["discord_id"]: row["email"] is not None for row in rows} == {
        seeds.NOVA_ID: True,
        seeds.STELLA_ID: False,
        seeds.ORION_ID: False,
    }
    verified = await auth_owner.fetchval(
        "SELECT count(*) FROM account_security WHERE email_verified_at IS NOT NULL"
    )
    assert verified == 1


async def test_an_address_somebody_else_has_is_left_out_and_the_accounts_stay_apart(
    farout: Farout, auth_owner: Connection
) -> None:
    for person, address in ((FIRST, "ada@example.org"), (SECOND, "ADA@example.org")):
        farout.standin.add_person(
            {"id": person, "username": f"u{person}", "email": address, "verified": True}
        )
        await farout.signed_in(person)

    rows = await auth_owner.fetch("SELECT discord_id, email FROM users ORDER BY id")
    assert [tuple(row) for row in rows] == [(FIRST, "ada@example.org"), (SECOND, None)]


async def test_a_name_somebody_else_has_gets_the_last_digits_of_the_id(
    farout: Farout, auth_owner: Connection
) -> None:
    for person in (FIRST, SECOND):
        farout.standin.add_person({"id": person, "username": "ada"})
        await farout.signed_in(person)

    rows = await auth_owner.fetch("SELECT username FROM users ORDER BY id")
    assert [row["username"] for row in rows] == ["ada", "ada~5678"]


@pytest.mark.asvs("10.3.3")
async def test_a_rename_is_taken_over_at_the_next_sign_in(
    farout: Farout, auth_owner: Connection
) -> None:
    farout.standin.add_person({"id": FIRST, "username": "before"})
    await farout.signed_in(FIRST)
    farout.standin.add_person({"id": FIRST, "username": "after", "avatar": "a_0123abcd"})
    await farout.signed_in(FIRST)

    row = await one_row(auth_owner, "SELECT username, avatar FROM users")
    assert tuple(row) == ("after", "a_0123abcd")


async def test_two_people_who_swap_their_names_both_get_in(
    farout: Farout, auth_owner: Connection
) -> None:
    for person, name in ((FIRST, "ada"), (SECOND, "bob"), (FIRST, "bob"), (SECOND, "ada")):
        farout.standin.add_person({"id": person, "username": name})
        await farout.signed_in(person)

    rows = await auth_owner.fetch("SELECT discord_id, username FROM users ORDER BY id")
    assert [tuple(row) for row in rows] == [(FIRST, "bob~1234"), (SECOND, "ada")]


async def test_a_profile_somebody_edited_survives_the_next_sign_in(farout: Farout) -> None:
    browser = await farout.signed_in(seeds.NOVA_ID)
    edited = {"display_name": "Captain", "bio": "Mine"}
    await browser.patch("/api/members/me", json=edited, headers={"If-Match": "*"})

    await browser.sign_in(seeds.NOVA_ID)

    member = (await browser.get("/api/members/me")).json()
    assert (member["display_name"], member["bio"]) == ("Captain", "Mine")


@pytest.mark.parametrize(
    ("person", "end"),
    [
        (seeds.COSMO_ID, f"/embed/avatars/{(int(seeds.COSMO_ID) >> 22) % 6}.png"),
        (seeds.LYRA_ID, ".gif?size=128"),
        (seeds.SPUTNIK_ID, "/embed/avatars/2.png"),
    ],
)
async def test_the_picture_is_the_right_one(farout: Farout, person: str, end: str) -> None:
    browser = await farout.signed_in(person)

    assert (await browser.get("/api/members/me")).json()["avatar_url"].endswith(end)


async def test_an_id_beyond_53_bits_keeps_every_digit(farout: Farout) -> None:
    browser = await farout.signed_in(seeds.STELLA_ID)

    session = (await browser.get("/auth/session")).json()
    assert session["user"]["discord_id"] == seeds.STELLA_ID
    assert int(seeds.STELLA_ID) > 2**53
