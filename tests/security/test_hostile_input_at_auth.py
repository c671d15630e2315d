"""Bodies and strings that break software, at every route and in every text of the auth side."""

import json
import re
import time
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID
from tests.auth.test_routes_by_caller import AN_ID, VALUES, rows
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.fixtures.people import uid_of
from tests.security.bodies import ELSEWHERE, GENERATED, allowed
from tests.security.corpora import Case, by_id, cases, dealt

BODIES = [case for case in cases("json_bodies") if case["id"] not in ELSEWHERE]
STRINGS = cases("naughty_strings")
SLOWEST_SECONDS = 1
# What stands around a reason is dropped; it is one line, which is all that was to be made sure of.
STRIPPED = {"jb-s29": "X: y"}
JSON_ROUTES = [
    row
    for row in sorted(rows())
    if not row.startswith("GET ") and row.split()[1].startswith("/auth/")
]
FORM_ROUTES = [
    row
    for row in sorted(rows())
    if row.startswith("POST ") and not row.split()[1].startswith(("/auth/", "/internal/"))
]
# As RFC 6749 3.2 wants it; it needs none of the parameters that it knows.
IGNORES_WHAT_IT_DOES_NOT_KNOW = "POST /auth/token"
LAST = {"POST /auth/logout", "POST /sign-out"}
MANY_HEADERS = b"--x\r\n" + b"A: b\r\n" * 100_000 + b"\r\n\r\n--x--\r\n"
BACKSLASHES = 'application/x-www-form-urlencoded; !="' + "\\" * 100_000


def address(row: str) -> tuple[str, str]:
    method, path = row.split()
    return method, re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], AN_ID), path)


async def send(browser: Browser, method: str, path: str, case: Case) -> httpx2.Response:
    """Send a body of the corpus; its field is here the reason of a ban."""
    content = GENERATED.get(case["id"]) or (case["body"] or "").encode("utf-8", "surrogatepass")
    headers: dict[str, str] = {"Content-Type": "application/json"}
    for name, value in case.get("headers", {}).items():
        headers[name] = value or ""
        if value is None:
            del headers[name]
    content = content.replace(b"display_name", b"reason")
    return await browser.request(method, path, content=content, headers=headers)


@pytest.fixture
async def banning(farout: Farout, admin: Browser) -> str:
    """Where an admin bans somebody, with a reason."""
    return f"/auth/users/{await uid_of(await farout.signed_in(COSMO_ID))}/ban"


@pytest.mark.parametrize("case", by_id(BODIES))
async def test_a_text_takes_what_it_should(case: Case, admin: Browser, banning: str) -> None:
    answer = await send(admin, "POST", banning, case)

    found = {str(answer.status_code), f"{answer.status_code // 100}xx"}
    wanted = case["expect"] + (" or stripped" if case["id"] in STRIPPED else "")
    assert found & allowed(wanted), (answer.status_code, answer.text)
    if case["id"] in STRIPPED:
        assert answer.json()["ban"]["reason"] == STRIPPED[case["id"]]


@pytest.mark.parametrize("row", [row for row in JSON_ROUTES if row not in LAST])
async def test_no_route_breaks_on_any_body(row: str, farout: Farout, admin: Browser) -> None:
    method, path = row.split()
    takes_a_body = "requestBody" in farout.app.openapi()["paths"][path][method.lower()]
    for case in BODIES:
        if case["id"] == "jb-20mb":
            continue
        answer = await send(admin, *address(row), case)
        assert answer.status_code < 500, (case["id"], answer.text)
        if answer.status_code < 300:
            is_read = takes_a_body and row != IGNORES_WHAT_IT_DOES_NOT_KNOW
            assert not is_read or "2xx" in allowed(case["expect"]), (case["id"], answer.text)


@pytest.mark.parametrize("row", [row for row in FORM_ROUTES if row not in LAST])
async def test_no_form_breaks_on_any_body(row: str, admin: Browser) -> None:
    method, path = address(row)
    hostile = [(BACKSLASHES, b"a=b"), ("multipart/form-data; boundary=x", MANY_HEADERS)]
    hostile += [
        ("multipart/form-data", b"x"),
        ("application/x-www-form-urlencoded", b"\xff=%ff&=&"),
    ]
    hostile += [
        ("multipart/form-data; boundary=x", b"--x\r\n" * 20_000),
        ("text/plain", b"reason=x"),
    ]
    for media_type, body in hostile:
        began = time.process_time()
        answer = await admin.request(
            method, path, content=body, headers={"Content-Type": media_type}
        )
        assert answer.status_code < 500, (media_type[:40], answer.text)
        assert time.process_time() - began < SLOWEST_SECONDS, media_type[:40]


async def test_ten_thousand_ranges_of_a_file_are_quick(browser: Browser) -> None:
    ranges = "bytes=" + ",".join(f"0-{number}" for number in range(2_000))
    began = time.process_time()

    answer = await browser.get("/static/farout.css", headers={"Range": ranges})

    assert answer.status_code in (200, 206, 400, 416)
    assert time.process_time() - began < SLOWEST_SECONDS


# Each text of the auth side's API: where it is sent to, in what, under which name.
TEXTS: list[tuple[str, dict[str, Any], str]] = [
    ("/auth/login", {"identifier": "x", "password": "x"}, "identifier"),
    ("/auth/login", {"identifier": "x", "password": "x"}, "password"),
    ("/auth/login/code", {"challenge": "x", "code": "x"}, "challenge"),
    ("/auth/login/code", {"challenge": "x", "code": "x"}, "code"),
    ("/auth/register", {"username": "x", "email": "x@x.test", "password": "x" * 9}, "username"),
    ("/auth/register", {"username": "xy", "email": "x", "password": "a far lantern"}, "email"),
    ("/auth/register", {"username": "xy", "email": "x@x.test", "password": "x"}, "password"),
    ("/auth/register", {"username": "xy", "email": "x@x.test", "password": "x" * 9}, "code"),
    ("/auth/email/verify", {}, "token"),
    ("/auth/email/change/confirm", {}, "token"),
    ("/auth/email/change/undo", {}, "token"),
    ("/auth/password/forgot", {}, "email"),
    ("/auth/password/reset", {"new_password": "a far lantern"}, "token"),
    ("/auth/password/set", {}, "new_password"),
    ("/auth/password/change", {"current_password": "x", "new_password": "x"}, "new_password"),
    ("/auth/token/refresh", {}, "refresh_token"),
    ("/auth/token/revoke", {}, "token"),
    ("/auth/totp/confirm", {}, "code"),
    ("/auth/step-up", {}, "code"),
    ("/auth/passkeys", {"challenge": "x", "credential": {}}, "name"),
    ("/auth/passkeys/sign-in", {"credential": {"id": "x"}}, "challenge"),
    ("/auth/registration-codes", {}, "note"),
    ("BAN", {}, "reason"),
]
QUERIES = (
    "/auth/users?search={}", "/auth/users?role={}", "/auth/users?cursor={}", "/auth/users/{}",
    "/auth/audit?action={}", "/auth/audit?actor={}", "/auth/audit?since={}", "/auth/audit?cursor={}",
    "/auth/audit.csv?action={}", "/auth/registration-codes?cursor={}", "/auth/users/{}/sessions",
    "/admin/users?search={}&role={}", "/admin/audit?action={}&actor={}&since={}", "/sign-in?next={}",
    "/register?code={}", "/verify-email?token={}", "/password/reset?token={}", "/step-up?next={}",
    "/account/email/undo?token={}", "/account?done={}", "/auth/discord/login?next={}",
)  # fmt: skip


async def judge(admin: Browser, banning: str, number: int, value: str) -> None:
    """It was refused, or what is shown again is what was sent, but for the spaces around it."""
    path, body, name = TEXTS[number % len(TEXTS)]
    began = time.process_time()
    answer = await admin.post(
        banning if path == "BAN" else path,
        content=json.dumps(body | {name: value}),
        headers={"Content-Type": "application/json"},
    )
    assert time.process_time() - began < SLOWEST_SECONDS, (path, name)
    assert answer.status_code < 500, (path, name, ascii(value), answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if path == "BAN" and answer.status_code == 200:
        assert answer.json()["ban"]["reason"] == value.strip()
    if name == "note" and answer.status_code == 201:
        assert answer.json()["details"]["note"] in (value, value.strip())


async def ask(browser: Browser, number: int, value: str) -> None:
    path = QUERIES[number % len(QUERIES)]
    given = quote(value.encode("utf-8", "surrogatepass"), safe="")
    began = time.process_time()
    answer = await browser.get(path.replace("{}", given), headers={"Accept": "text/html"})
    assert time.process_time() - began < SLOWEST_SECONDS, path
    assert answer.status_code < 500, (path, ascii(value), answer.text)
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert not re.search(
            r"<script(?! src=)|<img|<svg|onerror=alert\(", _without_text(answer.text)
        )


def _without_text(page: str) -> str:
    """Drop what stands between quotes or was escaped: only what is markup is left."""
    return re.sub(r"&lt;.*?&gt;|\"[^\"]*\"", "", page)


async def test_each_string_is_taken_or_refused_by_some_text_and_some_query(
    admin: Browser, banning: str, auth_owner: Connection
) -> None:
    for number, case in enumerate(STRINGS):
        await auth_owner.execute("DELETE FROM login_attempts")
        await judge(admin, banning, number, case["value"])
        await ask(admin, number, case["value"])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(TEXTS)), ids=[f"{one[0]} {one[2]}" for one in TEXTS])
async def test_every_text_keeps_or_refuses_each_string(
    number: int, admin: Browser, banning: str, auth_owner: Connection
) -> None:
    for case in dealt(STRINGS, number):
        await auth_owner.execute("DELETE FROM login_attempts")
        await judge(admin, banning, number, case["value"])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(QUERIES)), ids=QUERIES)
async def test_no_query_breaks_on_any_string(number: int, admin: Browser) -> None:
    for case in dealt(STRINGS, number):
        await ask(admin, number, case["value"])
