"""Every way in which Discord can fail ends in a clear answer and leaves nothing half done."""

import pytest

from backend.devtools.discord.fault_kinds import (
    connection_reset,
    edge_rate_limited,
    html_page,
    json_answer,
    rate_limited,
    scope_reordered,
    scope_superset,
    server_error,
    text_answer,
    timed_out,
    truncated,
)
from backend.devtools.discord.faults import Fault
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection

FAILURES: dict[str, tuple[Fault, int, str]] = {
    "timeout": (timed_out(), 503, "discord_unreachable"),
    "connection reset": (connection_reset(), 503, "discord_unreachable"),
    "500": (server_error(), 503, "discord_unreachable"),
    "429": (rate_limited(1.5), 503, "discord_rate_limited"),
    "429 of the edge": (edge_rate_limited(retry_after=3600), 503, "discord_rate_limited"),
    "429 without Retry-After": (edge_rate_limited(retry_after=None), 503, "discord_rate_limited"),
    "HTML": (html_page(), 502, "discord_answer_unusable"),
    "half of the JSON": (truncated(), 502, "discord_answer_unusable"),
    "nothing": (text_answer(""), 502, "discord_answer_unusable"),
    "a list": (json_answer([]), 502, "discord_answer_unusable"),
    "nested JSON": (text_answer("[" * 100_000), 502, "discord_answer_unusable"),
    "a name twice": (text_answer('{"id":"1","id":"2"}'), 502, "discord_answer_unusable"),
}


@pytest.mark.parametrize("endpoint", ["token", "user"])
@pytest.mark.parametrize("name", FAILURES)
async def test_a_failure_gives_a_problem_and_no_account(
    farout: Farout, auth_owner: Connection, name: str, endpoint: str
) -> None:
    fault, status, code = FAILURES[name]
    getattr(farout.standin.faults, endpoint).once(fault)
    browser = farout.browser()

    answer = await browser.approve(await browser.begin())

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert status != 503 or int(answer.headers["retry-after"]) > 0
    assert browser.session_token is None
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 0


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"error": "invalid_grant"}, 400, "discord_code_refused"),
        ({"error": "invalid_client"}, 502, "discord_client_refused"),
        ({"error": "invalid_request"}, 502, "discord_client_refused"),
        ({"message": "400: Bad Request", "code": 0}, 502, "discord_answer_unusable"),
    ],
)
async def test_a_refused_exchange_says_whose_fault_it_is(
    farout: Farout, browser: Browser, answer: dict[str, object], status: int, code: str
) -> None:
    farout.standin.faults.token.once(json_answer(answer, status=400))

    response = await browser.approve(await browser.begin())

    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("fault", [scope_reordered(), scope_superset("guilds")])
async def test_more_scopes_in_another_order_are_fine(
    farout: Farout, browser: Browser, fault: Fault
) -> None:
    farout.standin.faults.token.once(fault)

    assert (await browser.sign_in()).status_code == 303


async def test_cancelling_is_answered_kindly_and_can_be_tried_again(
    farout: Farout, browser: Browser
) -> None:
    callback = farout.standin.cancel(await browser.begin())

    page = await browser.get(callback, headers={"Accept": "text/html"})

    assert page.status_code == 403
    assert "You cancelled at Discord" in page.text
    assert 'href="/sign-in"' in page.text
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.parametrize(
    ("iss", "status"), [("on", 303), ("off", 303), ("wrong", 400), ("duplicate", 400)]
)
async def test_the_issuer_may_be_absent_but_not_another(
    farout: Farout, browser: Browser, iss: str, status: int
) -> None:
    farout.standin.faults.iss = iss  # type: ignore[assignment]

    answer = await browser.approve(await browser.begin())

    assert answer.status_code == status
    assert (browser.session_token is not None) == (status == 303)


async def test_nothing_that_discord_or_the_browser_sent_is_echoed(browser: Browser) -> None:
    await browser.begin()
    payload = "<script>alert(1)</script>"

    answer = await browser.get(
        "/auth/discord/callback",
        params={"error": payload, "error_description": payload, "state": payload},
        headers={"Accept": "text/html"},
    )

    assert answer.status_code == 400
    assert payload not in answer.text


async def test_a_community_database_that_is_away_does_not_stop_a_sign_in(
    farout: Farout, community_owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await community_owner.execute("REVOKE CONNECT ON DATABASE farout FROM farout_app, farout_sync")
    await farout.community.database.close()
    await farout.community.sync_database.close()
    try:
        browser = await farout.signed_in()
        assert (await browser.get("/auth/session")).status_code == 200
        assert (await browser.get("/api/members/me")).status_code == 503
    finally:
        await community_owner.execute("GRANT CONNECT ON DATABASE farout TO farout_app, farout_sync")

    member = (await browser.get("/api/members/me")).json()
    assert member["display_name"] == "nova.reyes"
