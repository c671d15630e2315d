"""What the directory is searched by follows every profile, whoever writes it."""

import json

import pytest

from backend.community.projection.commands import compare_all
from tests.community.test_directory import names
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection


def _did(*slugs: str) -> str:
    return json.dumps([{"v": 1, "slug": slug} for slug in slugs])


def _passed(**expires: str | None) -> str:
    return json.dumps(
        [
            {"v": 1, "slug": slug, "result": "pass", "expires_at": day}
            for slug, day in expires.items()
        ]
    )


async def test_a_new_name_is_found_and_the_old_one_is_not(
    people: People, community_owner: Connection
) -> None:
    browser = await people.sign_in()
    member = await add_member(
        community_owner, 901, "Andromeda", missions_completed=_did("iron-dawn")
    )
    await add_member(community_owner, 902, "Bystander", missions_completed=_did("iron-dawn"))

    await community_owner.execute("UPDATE members SET display_name = 'Zora' WHERE id = $1", member)

    assert await names(browser, search="dromed") == []
    assert await names(browser, search="zor") == ["Zora"]
    assert await names(browser, mission="iron-dawn") == ["Bystander", "Zora"]
    assert await names(browser, mission="iron-dawn", sort="-name") == ["Zora", "Bystander"]
    assert await names(browser, mission="iron-dawn", search="zora") == ["Zora"]
    assert (
        await community_owner.fetchval("SELECT count(*) FROM name_parts WHERE name ~ 'andr'") == 0
    )


async def test_what_is_done_revoked_and_expired_shows_with_the_rank(
    people: People, community_owner: Connection
) -> None:
    browser = await people.sign_in()
    member = await add_member(
        community_owner, 901, "Andromeda", missions_completed=_did("one", "two")
    )
    change = "UPDATE members SET missions_completed = $2, trainings_completed = $3, rank = $4 WHERE id = $1"

    trainings = _passed(medic="2999-01-01", pilot="2020-01-01", radio=None, odd="some day")
    await community_owner.execute(change, member, _did("two", "three"), trainings, "captain")

    found = {one: await names(browser, mission=one) for one in ("one", "two", "three")}
    assert found == {"one": [], "two": ["Andromeda"], "three": ["Andromeda"]}
    found = {one: await names(browser, training=one) for one in ("medic", "pilot", "radio", "odd")}
    assert found == {"medic": ["Andromeda"], "pilot": [], "radio": ["Andromeda"], "odd": []}
    assert await names(browser, training="medic", rank="captain") == ["Andromeda"]
    assert await names(browser, training="medic", rank="recruit") == []


@pytest.mark.parametrize("end", ["DELETE FROM members", "TRUNCATE members CASCADE"])
async def test_a_deleted_member_leaves_nothing_behind(
    people: People, community_owner: Connection, end: str
) -> None:
    await add_member(community_owner, 901, "Andromeda", missions_completed=_did("one"))

    await community_owner.execute(end)

    assert await community_owner.fetchval("SELECT count(*) FROM achievements") == 0
    assert await community_owner.fetchval("SELECT count(*) FROM name_parts") == 0


async def test_what_was_lost_is_found_out_and_written_again(
    people: People, community_owner: Connection
) -> None:
    browser = await people.sign_in()
    member = await add_member(community_owner, 901, "Andromeda")
    await community_owner.execute("DELETE FROM name_parts WHERE part = 'dromeda'")
    await community_owner.execute(
        "INSERT INTO achievements VALUES ($1, 'mission', 'never', 'andromeda', 'member')", member
    )
    assert await names(browser, search="dro") == []

    assert (await compare_all(people.farout.community))[1] == [member]
    await compare_all(people.farout.community, repair=True)

    assert (await compare_all(people.farout.community))[1] == []
    assert await names(browser, search="dro") == ["Andromeda"]
    assert await names(browser, mission="never") == []
