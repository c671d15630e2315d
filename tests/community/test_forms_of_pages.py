"""What a form does: change and lead on, or come back with the reason and everything that was typed."""

import re
from html import unescape

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People, add_member
from tests.fixtures.databases import Connection
from tests.fixtures.record import Unit

HTML = {"Accept": "text/html"}


@pytest.fixture
async def admin(people: People) -> Browser:
    await people.sign_in(COSMO_ID)
    return await people.sign_in(NOVA_ID, role="admin")


def alert(page: str) -> str:
    found = re.search(r'role="alert"[^>]*>([^<]*)<', page)
    assert found, page
    return unescape(found[1])


async def test_a_form_that_was_taken_leads_to_a_page_that_says_so(admin: Browser) -> None:
    answer = await admin.post("/missions", data={"slug": "iron-dawn", "title": "Iron Dawn"})

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/missions/iron-dawn?done=created",
    )
    page = await admin.get(answer.headers["location"], headers=HTML)
    assert 'role="status"' in page.text
    assert "Iron Dawn" in page.text


async def test_a_refused_form_keeps_what_was_typed_and_names_the_field(admin: Browser) -> None:
    typed = {"slug": "iron-dawn", "title": "x" * 121, "briefing": "Two\r\n<lines>", "minutes": "-1"}

    answer = await admin.post("/missions", data=typed, headers=HTML)

    assert answer.status_code == 422
    assert alert(answer.text) == "The title may have 120 characters at most."
    assert f'value="{"x" * 121}"' in answer.text
    assert "\nTwo\n&lt;lines&gt;</textarea>" in answer.text
    assert len(re.findall('aria-invalid="true"', answer.text)) == 1
    assert (await admin.get("/api/missions")).json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"points": "many"}, "The points must be a whole number."),
        ({"points": "100001"}, "The points must be 100000 or less."),
        ({"title": ""}, "The title must not be empty."),
        ({"title": "two\nlines"}, "The title must be one line of readable text."),
        ({"slug": "Iron Dawn"}, "The slug may have small letters, digits"),
    ],
)
async def test_a_complaint_is_a_sentence(
    admin: Browser, changed: dict[str, str], complaint: str
) -> None:
    answer = await admin.post("/missions", data={"slug": "x", "title": "x"} | changed)

    assert answer.status_code == 422
    assert alert(answer.text).startswith(complaint)


async def test_what_forbids_a_change_is_said_in_the_form_and_nothing_of_it_stays(
    people: People,
) -> None:
    """An undo writes before it finds out that it may not: all of it has to go."""
    await people.sign_in(COSMO_ID)
    officer = await people.sign_in(NOVA_ID, role="officer", rank="captain")
    path = f"/members/{COSMO_ID}/rank-changes"
    await officer.post(path, data={"rank": "veteran", "reason": "Service"})
    (change, _) = (await officer.get(f"/api{path}")).json()["items"]
    await people.owner.execute("UPDATE members SET rank = 'recruit' WHERE discord_id = $1", NOVA_ID)
    await people.audited()

    answer = await officer.post(f"{path}/{change['id']}/undo", data={"reason": "A mistake"})

    assert answer.status_code == 403
    assert alert(answer.text) == "You may only move members between ranks that are below your own."
    assert 'value="A mistake"' in answer.text
    assert (await officer.get(f"/api/members/{COSMO_ID}")).json()["rank"] == "veteran"
    assert (await officer.get(f"/api{path}")).json()["items"][0]["undone_at"] is None
    assert await people.audited() == []


async def test_a_form_of_another_site_changes_nothing(admin: Browser, people: People) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}
    await people.audited()

    answer = await admin.post("/ranks", data={"code": "king", "name": "King"}, headers=elsewhere)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")
    assert await people.audited() == []


async def test_times_of_a_form_are_utc_and_shown_so(unit: Unit) -> None:
    await unit.mission()
    date = {"starts_at": "2099-05-06T19:30", "slot-0": "pilot", "capacity-0": "2"}

    made = await unit.officer.post("/missions/iron-dawn/dates", data=date)
    page = await unit.officer.get(made.headers["location"])

    assert '<time datetime="2099-05-06T19:30:00+00:00">6 May 2099, 19:30 UTC</time>' in page.text


async def test_a_member_is_meant_by_name_or_by_id(
    admin: Browser, community_owner: Connection
) -> None:
    await add_member(community_owner, 900, "Ada Vale")
    await add_member(community_owner, 901, "Ada Valerius")
    await add_member(community_owner, 902, "Bo Reed")
    await add_member(community_owner, 903, "Bo Reed")
    await admin.post("/trainings", data={"slug": "medic", "title": "Medic", "level": "1"})

    async def add(text: str) -> str:
        answer = await admin.post("/trainings/medic/instructors", data={"member": text})
        return "" if answer.status_code == 303 else alert(answer.text)

    assert await add("ada vale") == ""
    assert await add("901") == ""
    assert await add("Bo Reed") == (
        "More than one member could be meant; give the Discord id: Bo Reed (902), Bo Reed (903)."
    )
    assert await add("Zed") == ("Nobody here is called “Zed”. Give a member's name or Discord id.")
    named = (await admin.get("/api/trainings/medic")).json()["instructors"]
    assert [one["discord_id"] for one in named] == ["900", "901"]
