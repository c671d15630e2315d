"""Two tabs, two devices: a change says which state of the profile it was made for."""

import asyncio

import pytest

from tests.fixtures.application import Browser
from tests.fixtures.community import People

ME = "/api/members/me"


@pytest.fixture
async def nova(people: People) -> Browser:
    return await people.sign_in()


async def test_a_change_needs_the_tag_that_was_read(nova: Browser) -> None:
    answer = await nova.patch(ME, json={"bio": "x"})
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_required")

    tag = (await nova.get(ME)).headers["etag"]
    changed = await nova.patch(ME, json={"bio": "x"}, headers={"If-Match": tag})

    assert changed.status_code == 200
    assert changed.headers["etag"] != tag == changed.request.headers["If-Match"]
    assert changed.headers["etag"] == (await nova.get(ME)).headers["etag"]
    late = await nova.patch(ME, json={"bio": "y"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "profile_changed")
    assert (await nova.get(ME)).json()["bio"] == "x"


async def test_of_ten_changes_for_the_same_state_one_is_made(nova: Browser, people: People) -> None:
    headers = {"If-Match": (await nova.get(ME)).headers["etag"]}
    await people.open_connections(nova)

    answers = await asyncio.gather(
        *(nova.patch(ME, json={"bio": f"bio {n}"}, headers=headers) for n in range(10))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9
    assert await people.audited() == ["member.profile_changed"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("*", 200),
        ('"other", {tag}', 200),
        ('"other"', 412),
        ("W/{tag}", 412),
        ("plain", 400),
        ('"open', 400),
        ("", 400),
        ('"' + "x" * 2000 + '"', 400),
    ],
)
async def test_reads_the_header_as_the_standard_says(
    nova: Browser, header: str, status: int
) -> None:
    tag = (await nova.get(ME)).headers["etag"]

    answer = await nova.patch(
        ME, json={"bio": "x"}, headers={"If-Match": header.replace("{tag}", tag)}
    )

    assert answer.status_code == status


async def test_a_change_that_changes_nothing_leaves_no_trace(nova: Browser, people: People) -> None:
    before = await nova.get(ME)
    same = {"display_name": before.json()["display_name"], "bio": ""}

    answer = await nova.patch(ME, json=same, headers={"If-Match": before.headers["etag"]})

    assert answer.headers["etag"] == before.headers["etag"]
    assert await people.audited() == []


async def test_the_form_says_so_too_and_keeps_what_was_typed(nova: Browser) -> None:
    page = (await nova.get("/profile/edit")).text
    version = page.split('name="version" value="')[1].split('"')[0]
    form = {"display_name": "Nova", "bio": "From the first tab", "version": version}

    assert (await nova.post("/profile/edit", data=form)).status_code == 303
    late = await nova.post("/profile/edit", data=form | {"bio": "From the second tab"})

    assert late.status_code == 412
    assert "From the second tab" in late.text
    assert (await nova.get(ME)).json()["bio"] == "From the first tab"
    newer = late.text.split('name="version" value="')[1].split('"')[0]
    saved = await nova.post(
        "/profile/edit", data=form | {"bio": "From the second tab", "version": newer}
    )
    assert saved.status_code == 303
