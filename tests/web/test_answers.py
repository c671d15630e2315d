"""What every answer has in common: headers, problems, limits, and no secret."""

import json
import logging
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from backend.devtools.discord.seeds import NOVA_ID
from backend.logs import JsonLines
from tests.fixtures.application import Browser, Farout

PATHS = ["/sign-in", "/auth/session", "/healthz", "/nowhere", "/docs", "/static/farout.css", "/"]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_security_headers(browser: Browser, path: str) -> None:
    headers = (await browser.get(path)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert headers["x-request-id"]
    assert "server" not in headers


async def test_personal_answers_are_never_kept(browser: Browser) -> None:
    await browser.sign_in()

    for path in ("/auth/session", "/profile", "/api/members/me"):
        assert (await browser.get(path)).headers["cache-control"] == "no-store"


async def test_an_unknown_address_is_a_problem_for_programs_and_a_page_for_people(
    browser: Browser,
) -> None:
    problem = await browser.get("/nowhere")
    page = await browser.get("/nowhere", headers={"Accept": "text/html"})

    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "code": "not_found",
        "request_id": problem.headers["x-request-id"],
    }
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert page.headers["x-request-id"] in page.text


async def test_a_page_asks_to_sign_in_and_brings_the_person_back(browser: Browser) -> None:
    answer = await browser.get("/members", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/members")
    page = await browser.get(answer.headers["location"], headers={"Accept": "text/html"})
    assert 'href="/auth/discord/login?next=%2Fmembers"' in page.text
    assert (await browser.sign_in(next_path="/members")).headers["location"] == "/members"


async def test_a_wrong_field_is_named_and_never_repeated(browser: Browser) -> None:
    secret = "hunter2-hunter2"

    answer = await browser.post(
        "/auth/login", json={"identifier": 7, "password": {"x": secret}, "extra": secret}
    )

    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_request")
    assert {error["field"] for error in body["errors"]} == {"identifier", "password", "extra"}
    assert secret not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b'{"identifier":"a","password":"\\ud800"}', b"\xff\xfe",
        b"[" * 5000, b'{"identifier":"a\\u0000","password":"b"}', b"1" * 5000,
    ],
)  # fmt: skip
async def test_a_broken_body_is_a_clear_refusal(browser: Browser, body: bytes) -> None:
    answer = await browser.post(
        "/auth/login", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 401, 422)
    assert answer.json()["code"]


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_beyond_the_limit_is_cut_off(browser: Browser, declared: bool) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 10_000

    content = b"x" * 400_000 if declared else stream()
    answer = await browser.post("/auth/login", content=content)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_failure_of_ours_is_logged_and_says_nothing(
    farout: Farout, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise RuntimeError("password=swordfish")

    _add_route(farout.app, broken)
    answer = await browser.get("/broken-for-a-test")

    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert "swordfish" not in answer.text
    assert any(record.exc_info for record in caplog.records)


def _add_route(app: FastAPI, endpoint: object) -> None:
    if not any(getattr(route, "path", "") == "/broken-for-a-test" for route in app.routes):
        app.add_api_route("/broken-for-a-test", endpoint, include_in_schema=False)  # type: ignore[arg-type]


async def test_the_log_names_no_code_state_token_or_password(
    farout: Farout, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="farout")
    caplog.set_level(logging.INFO)
    callback = farout.standin.approve(await browser.begin(), NOVA_ID)
    await browser.get(callback)
    token = (await browser.post("/auth/token")).json()["access_token"]
    await browser.post("/auth/login", json={"identifier": "x", "password": "swordfish-1"})
    await browser.get("/auth/session", headers={"Authorization": f"Bearer {token}x"})
    await browser.get(callback)

    # The test's own client logs too, under its own name.
    ours = [record for record in caplog.records if not record.name.startswith("httpx2")]
    lines = "\n".join(JsonLines().format(record) for record in ours)
    code = callback.partition("code=")[2].partition("&")[0]
    state = callback.partition("state=")[2].partition("&")[0]
    for secret in (code, state, token, "swordfish-1", str(browser.session_token)):
        assert secret not in lines
    assert all(json.loads(line)["message"] for line in lines.splitlines())


def test_a_log_line_cannot_be_forged() -> None:
    record = logging.makeLogRecord({"msg": "GET %s", "args": ('/x\n{"level":"info"}',)})

    assert "\n" not in JsonLines().format(record)


async def test_says_when_it_is_ready(browser: Browser) -> None:
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    ready = await browser.get("/readyz")
    assert ready.json() == {"status": "ok", "databases": {"farout_auth": "ok", "farout": "ok"}}


async def test_every_route_of_the_api_is_in_the_reference(browser: Browser) -> None:
    document = (await browser.get("/openapi.json")).json()
    page = (await browser.get("/docs")).text

    assert len(document["paths"]) >= 15
    assert [path for path in document["paths"] if path not in page] == []


async def test_the_api_description_is_valid_and_says_how_it_refuses(browser: Browser) -> None:
    document = (await browser.get("/openapi.json")).json()

    references = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    for operations in document["paths"].values():
        for operation in operations.values():
            assert list(operation["responses"]["4XX"]["content"]) == ["application/problem+json"]
            assert "422" not in operation["responses"]


async def test_an_error_at_the_callback_tells_no_other_site_its_address(browser: Browser) -> None:
    answer = await browser.get("/auth/discord/callback?state=x&code=y")

    assert answer.headers["referrer-policy"] == "no-referrer"
