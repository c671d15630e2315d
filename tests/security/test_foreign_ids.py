"""The ways of access_control.json to what is somebody else's; and that each of its cases is judged."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.community import test_access_corpus as of_the_community
from tests.community.test_overposting_corpus import CASES as OVERPOSTED
from tests.fixtures.application import Browser, Farout
from tests.security.corpora import cases
from tests.security.test_admin_access_corpus import MATRIX, OWN

TESTS = Path(__file__).parents[1]
NOBODYS = "0198c0de-0000-7000-8000-000000000001"
# What plays a case that the corpus tells in words.
TOLD = {
    "idor-0": "test_a_strangers_session_looks_like_one_that_is_not_there",
    "idor-1": "test_no_field_slips_through_with_a_change_of_a_user",
    "idor-3": "test_no_spelling_of_an_id_reaches_a_strangers_session",
    "idor-4": "test_no_spelling_of_an_id_reaches_a_strangers_session",
    "idor-5": "test_no_spelling_of_an_id_reaches_a_strangers_session",
    "idor-8": "test_no_spelling_of_an_id_reaches_a_strangers_session",
    "idor-9": "test_a_filter_shows_nobody_more_than_their_own",
    "idor-10": "test_no_query_names_a_hidden_column",
    "idor-11": "test_a_cursor_that_was_changed_is_refused",
    "idor-13": "test_everybody_gets_what_the_table_says",
    "idor-15": "test_everybody_gets_what_the_table_says",
    "idor-16": "test_a_filter_shows_nobody_more_than_their_own",
    "idor-17": "test_a_strangers_session_looks_like_one_that_is_not_there",
    "idor-18": "test_a_strangers_session_looks_like_one_that_is_not_there",
    "idor-19": "test_no_method_but_that_of_the_request_counts",
    "idor-20": "test_no_spelling_of_an_address_opens_an_admins_page",
    "idor-21": "test_raw",
    "idor-22": "test_no_spelling_of_an_address_opens_an_admins_page",
    "idor-24": "test_two_admins_who_ban_each_other_leave_one",
}
# Services have no credentials at such routes: 401 for whoever is unknown, where the corpus has 403.
UNKNOWN_SERVICE = {"ac-87"}
NOT_OURS = {
    "GET /openapi.json": "everybody may read what the API is",
    "GET /healthz": "everybody may ask whether it is alive",
    "GET /metrics": "not for visitors, but the proxy's to refuse (docs/operations.md)",
    "POST /internal/sync/events": "signed, and judged by tests/mirror/test_webhooks_corpus.py",
    "GET /api/v1/members/{member}/notes": "there are none",
    "DELETE /api/v1/members/{member}": "nobody deletes a member there",
}


@dataclass
class Two:
    """Somebody, and a stranger with a session of their own."""

    own: Browser
    other: Browser
    own_id: str
    other_id: str


@pytest.fixture
async def two(farout: Farout) -> AsyncIterator[Two]:
    own, other = await farout.signed_in(COSMO_ID), await farout.signed_in(NOVA_ID)
    ids = [(await one.get("/auth/session")).json()["session"]["id"] for one in (own, other)]
    yield Two(own, other, *ids)
    assert (await other.get("/auth/session")).status_code == 200


def test_every_case_is_judged() -> None:
    matrix = {case["id"] for case in (*MATRIX, *of_the_community.CASES)}
    elsewhere = {case["id"] for case in cases("access_control") if case.get("request") in NOT_OURS}
    overposted = {case["id"] for case in OVERPOSTED}
    judged = matrix | elsewhere | OWN | UNKNOWN_SERVICE | TOLD.keys() | overposted

    assert {case["id"] for case in cases("access_control")} - judged == set()


def test_every_case_in_words_has_its_test() -> None:
    written = "".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))

    assert [name for name in TOLD.values() if not re.search(rf"def {name}\(", written)] == []


@pytest.mark.parametrize("person", [NOVA_ID, COSMO_ID])
@pytest.mark.parametrize("role", ["member", "officer", "admin"])
async def test_what_is_ones_own_is_open_to_everybody(
    farout: Farout, person: str, role: str
) -> None:
    browser = await farout.signed_in(person, role=role)  # type: ignore[arg-type]

    assert (await browser.get("/auth/session")).json()["user"]["discord_id"] == person
    assert [one["is_current"] for one in (await browser.get("/auth/sessions")).json()["items"]] == [
        True
    ]


async def test_a_strangers_session_looks_like_one_that_is_not_there(two: Two) -> None:
    for method in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH"):
        told = [
            await two.own.request(method, f"/auth/sessions/{one}")
            for one in (two.other_id, NOBODYS)
        ]
        assert len({(one.status_code, without_id(one)) for one in told}) == 1, method
        assert told[0].status_code in (404, 405)


def without_id(answer: httpx2.Response) -> str:
    return re.sub(r'"request_id":"\w+"', "", answer.text)


async def test_no_spelling_of_an_id_reaches_a_strangers_session(two: Two) -> None:
    for spelled in (
        f'["{two.own_id}","{two.other_id}"]', f"{two.own_id},{two.other_id}", "{%22$ne%22:null}",
        two.other_id.upper(), f"%7B{two.other_id}%7D", two.other_id.replace("-", ""),
        f"urn:uuid:{two.other_id}", f"{two.other_id}%00", f"{two.other_id};x", f"{two.other_id}/",
        f"{two.own_id}/../{two.other_id}", f"%2e%2e/sessions/{two.other_id}", f"/{two.other_id}",
    ):  # fmt: skip
        answer = await two.own.delete(f"/auth/sessions/{spelled}")
        assert answer.status_code in (404, 405, 422), (spelled, answer.text)


async def test_a_filter_shows_nobody_more_than_their_own(two: Two) -> None:
    for query in (f"user_id={two.other_id}", "uid=*", "user=nova.reyes", "all=true"):
        shown = await two.own.request("GET", f"/auth/sessions?{query}", json={"uid": two.other_id})
        assert [one["id"] for one in shown.json()["items"]] == [two.own_id]


async def test_no_query_names_a_hidden_column(admin: Browser) -> None:
    for name in ("sort", "order", "fields", "include", "expand"):
        shown = await admin.get(f"/auth/users?{name}=hashed_password")
        assert shown.status_code in (200, 400, 422)
        assert "hashed_password" not in shown.text
        assert "token_hash" not in shown.text


@pytest.mark.parametrize("path", ["/auth/users", "/auth/audit", "/auth/registration-codes"])
async def test_a_cursor_that_was_changed_is_refused(admin: Browser, path: str) -> None:
    for cursor in ("x", "' OR 1=1", "e30", "AAAA", "%00", "a" * 5000):
        assert (await admin.get(f"{path}?cursor={cursor}")).status_code in (400, 422), cursor


async def test_no_method_but_that_of_the_request_counts(two: Two) -> None:
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        await two.own.get("/auth/sessions?_method=DELETE", headers={name: "DELETE"})
        await two.own.post("/auth/sessions", data={"_method": "DELETE"}, headers={name: "DELETE"})
    assert (await two.own.get("/auth/sessions")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/auth/users/", "/auth//users", "/AUTH/USERS", "/auth/users;x", "/auth/users%00",
        "/auth/session/../users", "/auth/session/%2e%2e/users", "/v0/auth/users", "/auth/v1/users",
        "/admin/users/", "/Admin/Users", "/admin/users%2f", "//admin/users", "/static/../admin/users",
    ],
)  # fmt: skip
async def test_no_spelling_of_an_address_opens_an_admins_page(two: Two, path: str) -> None:
    assert (await two.own.get(path)).status_code in (403, 404, 405, 422)
