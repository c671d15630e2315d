"""Every case of passwords.json: set through the API by somebody signed in, then used to sign in."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from backend.auth.passwords.errors import PasswordRefused
from backend.auth.passwords.policy import SHORTEST, check_password
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases

FIRST = "a quiet place beyond the sky"
NAME, EMAIL = "quiet", "quiet.nova@example.test"
GIVEN = [*cases("passwords"), *cases("additional_passwords")]
GUESSES = cases("guessable_passwords")
BY_ID = {case["id"]: case for case in GIVEN}
QUICK_SECONDS = 0.05
LONG = 512


def password_of(case: Case) -> Any:
    """Return the password, of whatever type; ``generate`` says how to make a long one."""
    if "generate" not in case:
        return case["password"]
    text, _, times = case["generate"].partition("*")
    return text.strip("'") * int(times)


def to_be_set_for(case: Case) -> Any:
    """``wrong-for:X`` begins with the password of the case pw-X, ``same-as:X`` too."""
    named = case["expect"].partition(":")[2]
    return password_of(BY_ID.get(f"pw-{named}") or BY_ID[named])


@dataclass(frozen=True)
class Quiet:
    """Somebody with a password, signed in with it."""

    browser: Browser

    async def change_to(self, new: Any) -> httpx2.Response:
        return await self.send(
            "/auth/password/change", {"current_password": FIRST, "new_password": new}
        )

    async def sign_in_with(self, password: Any) -> httpx2.Response:
        return await self.send("/auth/login", {"identifier": NAME, "password": password})

    async def send(self, path: str, body: object) -> httpx2.Response:
        """Send JSON whose odd characters are escapes, as the corpus has them."""
        return await self.browser.post(
            path, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )


@pytest.fixture
async def quiet(farout: Farout, browser: Browser, auth_owner: Connection) -> Quiet:
    hashed = await farout.auth.passwords.hash(FIRST)
    await auth_owner.execute(
        "INSERT INTO users (username, email, hashed_password) VALUES ($1, $2, $3)",
        NAME,
        EMAIL,
        hashed,
    )
    quiet = Quiet(browser)
    assert (await quiet.sign_in_with(FIRST)).status_code == 200
    return quiet


def expecting(*beginnings: str) -> list[Any]:
    return by_id(case for case in GIVEN if case["expect"].startswith(beginnings))


@pytest.mark.asvs("6.2.5", "6.2.9")
@pytest.mark.parametrize("case", expecting("accept"))
async def test_takes_and_knows_again(case: Case, quiet: Quiet) -> None:
    response = await quiet.change_to(password_of(case))

    assert response.status_code == 204, response.text
    assert (await quiet.sign_in_with(password_of(case))).status_code == 200
    assert (await quiet.sign_in_with(FIRST)).status_code == 401


@pytest.mark.asvs("6.2.1", "6.2.4", "6.2.11")
@pytest.mark.parametrize("case", expecting("reject"))
async def test_refuses(case: Case, quiet: Quiet) -> None:
    response = await quiet.change_to(password_of(case))

    assert 400 <= response.status_code < 500, (response.status_code, case["why"])
    assert f'"{password_of(case)}"' not in response.text
    assert (await quiet.sign_in_with(FIRST)).status_code == 200
    assert 400 <= (await quiet.sign_in_with(password_of(case))).status_code < 500


@pytest.mark.asvs("6.2.8")
@pytest.mark.parametrize("case", expecting("wrong-for:"))
async def test_mistakes_no_password_for(case: Case, quiet: Quiet) -> None:
    assert (await quiet.change_to(to_be_set_for(case))).status_code == 204

    assert (await quiet.sign_in_with(password_of(case))).status_code == 401


@pytest.mark.parametrize("case", expecting("same-as:"))
async def test_takes_other_spellings_of(case: Case, quiet: Quiet) -> None:
    assert (await quiet.change_to(to_be_set_for(case))).status_code == 204

    assert (await quiet.sign_in_with(password_of(case))).status_code == 200


@pytest.mark.parametrize(
    "case", by_id(case for case in GIVEN if len(str(password_of(case))) >= LONG)
)
async def test_refuses_long_ones_before_any_work(case: Case, quiet: Quiet) -> None:
    for attempt in (quiet.change_to, quiet.sign_in_with):
        seconds = []
        for _ in range(3):
            # The processor's time, all threads together: a busy machine does not stretch it.
            started = time.process_time()
            response = await attempt(password_of(case))
            seconds.append(time.process_time() - started)
            assert response.status_code in (400, 401, 413, 422), response.text
        assert min(seconds) < QUICK_SECONDS


@pytest.mark.asvs("6.2.4", "6.2.11")
@pytest.mark.parametrize("case", by_id(GUESSES))
def test_the_policy_refuses_what_anybody_would_try(case: Case) -> None:
    with pytest.raises(PasswordRefused):
        check_password(case["password"], personal=(NAME, EMAIL))


@pytest.mark.asvs("6.2.4", "6.2.12")
def test_the_passwords_that_others_lost_are_refused() -> None:
    """The most used ones of published breaches, as zxcvbn has counted them."""
    lost = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= SHORTEST]
    assert len(lost) > 3_000

    for password in lost:
        with pytest.raises(PasswordRefused):
            check_password(password)


def test_every_case_is_judged() -> None:
    judged = ("accept", "reject", "wrong-for:", "same-as:")
    assert [case["id"] for case in GIVEN if not case["expect"].startswith(judged)] == []
