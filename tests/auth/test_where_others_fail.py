"""What other sign-ins were measured to get wrong; the table is in docs/benchmarks.md (`make races`).

The rest of that table, and the ten proofs that one would ask for first, are tests of the features; which
they are stands in docs/proofs.md, and here it is checked that they are there.
"""

import asyncio
import re
from pathlib import Path

import pytest

from backend.devtools.discord.seeds import NOVA_ID, ORION_ID
from tests.auth.test_first_password import NAME, PASSWORD, set_password
from tests.fixtures.application import Farout
from tests.fixtures.databases import Connection

ROOT = Path(__file__).parents[2]
PAGES = ("docs/proofs.md", "docs/benchmarks.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


async def test_fifty_returning_logins_of_one_person_at_once_all_get_in(
    farout: Farout, auth_owner: Connection
) -> None:
    await farout.signed_in(NOVA_ID)

    answers = await asyncio.gather(*(farout.browser().sign_in(NOVA_ID) for _ in range(50)))

    assert [answer.status_code for answer in answers] == [303] * 50
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 1


async def test_a_state_is_good_once_also_one_after_the_other(farout: Farout) -> None:
    browser = farout.browser()
    callback = farout.standin.approve(await browser.begin(), NOVA_ID)

    answers = [(await browser.get(callback)).status_code for _ in range(4)]

    assert answers == [303, 400, 400, 400]
    assert farout.standin.count_calls("token") == 1


async def test_every_way_to_discord_has_a_challenge_by_s256(farout: Farout) -> None:
    begun = [await farout.browser().begin() for _ in range(10)]

    assert all("code_challenge_method=S256" in address for address in begun)


async def test_somebody_without_an_address_gets_in(farout: Farout) -> None:
    browser = await farout.signed_in(ORION_ID)

    assert (await browser.get("/auth/session")).json()["user"]["email"] is None


async def test_after_sixty_wrong_passwords_the_right_one_waits_and_discord_is_open(
    farout: Farout,
) -> None:
    await set_password(await farout.signed_in(NOVA_ID))
    guessing = farout.browser()
    guesses = [{"identifier": NAME, "password": f"wrong {number}"} for number in range(60)]
    for guess in guesses:
        await guessing.post("/auth/login", json=guess)

    right = await guessing.post("/auth/login", json={"identifier": NAME, "password": PASSWORD})

    assert right.status_code == 429
    assert (await farout.browser().sign_in(NOVA_ID)).status_code == 303


@pytest.mark.parametrize("page", PAGES)
def test_every_proof_that_a_page_names_is_there(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text("utf-8"))

    assert len(named) >= 10
    for file, test in named:
        written = (ROOT / file).read_text("utf-8")
        assert not test or re.search(rf"def {test}\(", written), (file, test)
