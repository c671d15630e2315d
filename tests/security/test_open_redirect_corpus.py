"""Every case of open_redirect.json: by the rule itself, and through both ways to sign in."""

import re
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from backend.web.next_path import HOME, safe_next_path
from tests.fixtures.application import ORIGIN, Browser, Farout
from tests.fixtures.databases import Connection
from tests.security.corpora import Case, by_id, cases
from tests.security.expectations import stays_here

THEIR_HOST, OUR_HOST = "app.example.test", urlsplit(ORIGIN).netloc
PASSWORD = "a quiet place beyond the sky"

GIVEN = [*cases("open_redirect"), *cases("additional_open_redirect")]
VALUES = [case for case in GIVEN if "payload" in case]


def as_query(case: Case) -> str:
    """Return the query of a case byte for byte, about this site instead of the corpus's."""
    if "raw_query" in case:
        return str(case["raw_query"]).replace(THEIR_HOST, OUR_HOST)
    payload = str(case["payload"]).replace(THEIR_HOST, OUR_HOST)
    return f"next={quote(payload.encode('utf-8', 'surrogatepass'), safe='')}"


def is_right(case: Case, location: str) -> bool:
    """Whether a browser may be sent there; where both are right, only elsewhere is wrong."""
    if not stays_here(location):
        return False
    if case["expect"] == "follow":
        return location == str(case["payload"])
    if case["expect"] == "fallback":
        return location == HOME
    assert case["expect"] == "either"
    return True


def is_right_elsewhere(case: Case, location: str) -> bool:
    """Whole queries were written for the sign-in with Discord; elsewhere they may not lead away."""
    return stays_here(location) if "raw_query" in case else is_right(case, location)


@pytest.mark.parametrize("case", by_id(VALUES))
def test_the_rule_lets_through_plain_paths_alone(case: Case) -> None:
    assert is_right(case, safe_next_path(case["payload"]))


@pytest.mark.parametrize("wanted", [None, 1, True, b"/members", ["/members"], {"next": "/"}])
def test_the_rule_takes_text_alone(wanted: object) -> None:
    assert safe_next_path(wanted) == HOME


async def test_a_sign_in_with_discord_ends_on_our_own_pages(browser: Browser) -> None:
    wrong = {}
    for case in GIVEN:
        login = await browser.get(f"/auth/discord/login?{as_query(case)}")
        assert login.status_code == 302, (case["id"], login.text)
        response = await browser.approve(login.headers["location"])
        assert response.status_code == 303, (case["id"], response.text)
        cookies = [*login.headers.get_list("set-cookie"), *response.headers.get_list("set-cookie")]
        assert [one for one in cookies if not one.startswith("__Host-farout_")] == [], case["id"]
        if not is_right(case, response.headers["location"]):
            wrong[case["id"]] = response.headers["location"]
    assert wrong == {}


async def test_a_sign_in_with_a_password_ends_on_our_own_pages(
    farout: Farout, auth_owner: Connection
) -> None:
    hashed = await farout.auth.passwords.hash(PASSWORD)
    await auth_owner.execute(
        "INSERT INTO users (username, hashed_password) VALUES ('quiet', $1)", hashed
    )
    wrong = {}
    async with farout.browser() as browser:
        for case in GIVEN:
            response = await browser.post(
                "/sign-in",
                content=f"identifier=quiet&password={quote(PASSWORD)}&{as_query(case)}",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            # A form may also be refused as a whole.
            assert response.status_code in (303, 422), (case["id"], response.text)
            location = response.headers.get("location", HOME)
            if not is_right_elsewhere(case, location) and response.status_code == 303:
                wrong[case["id"]] = location
    assert wrong == {}


async def test_the_sign_in_page_passes_on_our_own_pages_alone(browser: Browser) -> None:
    wrong = {}
    for case in GIVEN:
        page = await browser.get(f"/sign-in?{as_query(case)}")
        link = re.search(r'href="(/auth/discord/login[^"]*)"', page.text)
        assert link, case["id"]
        query = parse_qs(urlsplit(unescape(link[1])).query)
        location = query.get("next", [HOME])[0]
        if not is_right_elsewhere(case, location):
            wrong[case["id"]] = location
    assert wrong == {}


async def test_whoever_is_signed_in_is_sent_on_at_once_to_our_own_pages(farout: Farout) -> None:
    wrong = {}
    browser = await farout.signed_in()
    for case in GIVEN:
        response = await browser.get(f"/sign-in?{as_query(case)}")
        assert response.status_code == 303, case["id"]
        if not is_right_elsewhere(case, response.headers["location"]):
            wrong[case["id"]] = response.headers["location"]
    assert wrong == {}
