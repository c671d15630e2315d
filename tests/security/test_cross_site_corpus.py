"""The cases of session_csrf.json about other sites: at every route of the auth side that writes."""

import re
from typing import Any

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.auth.test_routes_by_caller import AN_ID, VALUES, rows
from tests.fixtures.application import ORIGIN, Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.people import uid_of
from tests.security.corpora import Case, by_id, cases
from tests.security.dumps import fingerprint

HOST = ORIGIN.removeprefix("https://")
# With a bearer token: judged in test_tokens_in_the_session_corpus.py.
BY_PROGRAMS = {"csrf-x0", "csrf-x1"}
# No route of ours that deletes takes a body, so what it is said to be is no matter.
WITHOUT_BODY = {"csrf-91", "csrf-118", "csrf-119"}
CASES = [
    case
    for case in cases("session_csrf")
    if case["id"].startswith(("csrf-", "cors-")) and case["id"] not in BY_PROGRAMS | WITHOUT_BODY
]


def step_of(case: Case) -> dict[str, Any]:
    [step] = case["steps"]
    return dict(step)


def is_refused(case: Case) -> bool:
    return bool(step_of(case)["expect"].get("status") == 403)


def headers_of(case: Case) -> dict[str, str]:
    """Put our origin in the place of the corpus', in whatever letters."""
    given = step_of(case).get("headers", {})
    spelled = {
        name: value.replace("APP.EXAMPLE.TEST", HOST.upper())
        .replace("APP.example.test", HOST.upper())
        .replace("app.example.test", HOST)
        for name, value in given.items()
    }
    return spelled


@pytest.fixture
async def nova(people: People) -> Browser:
    """An admin whose browser says by itself nothing of where a request comes from."""
    browser = await people.sign_in(NOVA_ID, role="admin")
    await people.sign_in(COSMO_ID)
    del browser.headers["Sec-Fetch-Site"]
    return browser


async def state(*owners: Connection) -> list[str]:
    """Return all that the databases hold, shortened."""
    return [await fingerprint(owner) for owner in owners]


async def our_routes(people: People) -> dict[str, tuple[str, Any]]:
    """Return a route for each method, and a body that changes something."""
    cosmo = await uid_of(await people.farout.signed_in(COSMO_ID))
    return {
        "POST": ("/auth/registration-codes", b'{"note": "csrf"}'),
        "PUT": ("/api/roles/member/permissions", b'{"permissions": ["posts.read"]}'),
        "PATCH": (f"/auth/users/{cosmo}", b'{"role": "officer"}'),
        "DELETE": ("/auth/sessions", b""),
        "GET": ("/auth/session", b""),
    }


@pytest.mark.parametrize("case", by_id(case for case in CASES if is_refused(case)))
async def test_no_route_takes_a_write_from_another_site(
    case: Case, nova: Browser, people: People, auth_owner: Connection, community_owner: Connection
) -> None:
    method, headers = step_of(case)["do"].split()[0], headers_of(case)
    body = step_of(case)["body"].encode()
    written = [row.split()[1] for row in rows() if row.startswith(f"{method} ")]
    ours = (await our_routes(people))[method][0]
    before = await state(auth_owner, community_owner)

    for path in (*written, ours):
        address = re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], AN_ID), path)
        answer = await nova.request(method, address, headers=headers, content=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request"), path

    assert await state(auth_owner, community_owner) == before


OWN = [case for case in CASES if not is_refused(case) and "OPTIONS" not in step_of(case)["do"]]


@pytest.mark.parametrize("case", by_id(OWN))
async def test_our_own_pages_write_as_they_should(
    case: Case, nova: Browser, people: People, auth_owner: Connection, community_owner: Connection
) -> None:
    method, expected = step_of(case)["do"].split()[0], step_of(case)["expect"]
    path, body = (await our_routes(people))[method]
    before = await state(auth_owner, community_owner)

    answer = await nova.request(method, path, headers=headers_of(case), content=body)

    wanted = expected["status"]
    allowed = wanted if isinstance(wanted, list) else [200, 201, 204]
    assert answer.status_code in allowed, answer.text
    changed = await state(auth_owner, community_owner) != before
    assert changed == (expected.get("db") == "changed")


@pytest.mark.parametrize("case", by_id(case for case in CASES if "OPTIONS" in step_of(case)["do"]))
async def test_no_other_origin_may_read_what_we_answer(case: Case, nova: Browser) -> None:
    """Whatever asks, the answer is one and says nothing of origins: so it need not vary by them."""
    for row in rows():
        method, path = row.split()
        address = re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], AN_ID), path)
        asked = await nova.request("OPTIONS", address, headers=headers_of(case))
        plain = await nova.request("OPTIONS", address)
        for answer in (asked, plain):
            assert [name for name in answer.headers if name.startswith("access-control-")] == []
        assert _comparable(asked) == _comparable(plain), row
        assert method


def _comparable(answer: httpx2.Response) -> tuple[int, dict[str, str]]:
    kept = {n: v for n, v in answer.headers.items() if n not in ("x-request-id", "content-length")}
    return answer.status_code, kept


def test_nothing_that_deletes_takes_a_body(people: People) -> None:
    documented = people.farout.app.openapi()["paths"]
    bodies = [p for p, ways in documented.items() if "requestBody" in ways.get("delete", {})]

    assert [path for path in bodies if not path.startswith("/api/")] == []
