"""A finger that presses a button twice does a thing once."""

import asyncio
import re

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.fixtures.application import Browser
from tests.fixtures.community import People

FORM = {"counter": "kudos", "how": "add", "number": "1"}
PATH = f"/members/{COSMO_ID}/counters"


@pytest.fixture
async def admin(people: People) -> Browser:
    await people.sign_in(COSMO_ID)
    admin = await people.sign_in(NOVA_ID, role="admin")
    await admin.post("/api/counters", json={"key": "kudos", "title": "Kudos"})
    await people.audited()
    return admin


async def key_of(browser: Browser, path: str) -> str:
    page = (await browser.get(path)).text
    found = re.search(r'name="once" value="([0-9a-f]{32})"', page)
    assert found, page
    return found[1]


async def kudos(admin: Browser) -> int:
    member = (await admin.get(f"/api/members/{COSMO_ID}")).json()
    return int(member["stats"]["counters"]["kudos"])


async def test_a_form_that_is_sent_ten_times_at_once_is_done_once(
    admin: Browser, people: People
) -> None:
    form = FORM | {"once": await key_of(admin, f"/members/{COSMO_ID}")}
    await people.open_connections(admin)

    answers = await asyncio.gather(*(admin.post(PATH, data=form) for _ in range(10)))

    led_to = sorted(answer.headers["location"].rpartition("=")[2] for answer in answers)
    assert led_to == ["counted"] + ["repeated"] * 9
    assert await kudos(admin) == 1
    assert await people.audited() == ["counter.set"]


async def test_a_form_that_is_filled_in_anew_is_done_again(admin: Browser) -> None:
    for number in ("1", "2"):
        await admin.post(PATH, data=FORM | {"number": number, "once": "a" * 32})
    await admin.post(PATH, data=FORM | {"once": await key_of(admin, f"/members/{COSMO_ID}")})

    assert await kudos(admin) == 4


async def test_a_refused_form_can_be_sent_again(admin: Browser) -> None:
    item = (await admin.post("/api/items", json={"name": "Radio"})).json()["id"]
    form = {"kind": "issued", "member": COSMO_ID, "quantity": "1"}
    form |= {"once": await key_of(admin, f"/items/{item}")}

    refused = await admin.post(f"/items/{item}/lendings", data=form)
    await admin.post(f"/items/{item}/stock", data={"kind": "stocked", "quantity": "5"})
    answers = [await admin.post(f"/items/{item}/lendings", data=form) for _ in range(2)]

    assert refused.status_code == 409
    assert [one.headers["location"].rpartition("=")[2] for one in answers] == ["issued", "repeated"]
    assert (await admin.get(f"/api/items/{item}")).json()["stock"] == 4
