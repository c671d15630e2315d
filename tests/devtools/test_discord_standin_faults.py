import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from backend.devtools.discord.fault_kinds import (
    connection_reset,
    edge_rate_limited,
    html_page,
    json_answer,
    scope_reordered,
    scope_superset,
    server_error,
    slow,
    text_answer,
    timed_out,
    truncated,
    with_fields,
    without_fields,
)
from backend.devtools.discord.faults import Fault
from backend.devtools.discord.seeds import NOVA_ID
from backend.devtools.discord.standin import Standin

SignIn = Callable[[str, str], Awaitable[dict[str, Any]]]


async def show_user(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.get("/api/v10/users/@me")


async def test_queued_faults_come_in_order_before_the_standing_one(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    standin.faults.user.always = server_error()
    standin.faults.user.once(text_answer("teapot", 418), json_answer({"code": 0}, 403))

    answers = [(await show_user(client)).status_code for _ in range(4)]
    standin.faults.user.always = None

    assert answers == [418, 403, 500, 500]
    assert (await show_user(client)).status_code == 401


async def test_a_fault_stays_at_its_endpoint(standin: Standin, client: httpx2.AsyncClient) -> None:
    standin.faults.user.always = server_error()

    response = await client.get("/api/v10/users/@me/guilds")

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("fault", "error"),
    [(connection_reset(), httpx2.ReadError), (timed_out(), httpx2.ReadTimeout)],
)
async def test_connections_break(
    standin: Standin, client: httpx2.AsyncClient, fault: Fault, error: type[Exception]
) -> None:
    standin.faults.token.once(fault)

    with pytest.raises(error):
        await client.post("/api/oauth2/token")
    assert standin.count_calls("token") == 1


async def test_answers_late(standin: Standin, client: httpx2.AsyncClient) -> None:
    standin.faults.user.once(slow(0.05))
    start = time.monotonic()

    assert (await show_user(client)).status_code == 401
    assert time.monotonic() - start >= 0.05


async def test_the_edge_limits_in_plain_text(standin: Standin, client: httpx2.AsyncClient) -> None:
    standin.faults.token.once(edge_rate_limited(7200))

    response = await client.post("/api/oauth2/token")

    assert response.status_code == 429
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["Retry-After"] == "7200"
    assert response.text == "error code: 1015"


async def test_the_server_fails_in_json(standin: Standin, client: httpx2.AsyncClient) -> None:
    standin.faults.token.once(server_error())

    response = await client.post("/api/oauth2/token")

    assert response.status_code == 500
    assert response.json() == {"message": "500: Internal Server Error", "code": 0}


async def test_a_web_page_comes_instead_of_json(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    standin.faults.user.once(html_page())

    response = await show_user(client)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")


async def test_scopes_come_in_another_order_or_with_others(
    standin: Standin, sign_in: SignIn
) -> None:
    standin.faults.token.once(scope_reordered(), scope_superset("guilds"))

    assert (await sign_in(NOVA_ID, "identify email"))["scope"] == "email identify"
    assert (await sign_in(NOVA_ID, "identify email"))["scope"] == "guilds identify email"


async def test_fields_go_missing_or_change(standin: Standin, sign_in: SignIn) -> None:
    standin.faults.token.once(without_fields("refresh_token"), with_fields(expires_in="soon"))

    assert "refresh_token" not in await sign_in(NOVA_ID, "identify")
    assert (await sign_in(NOVA_ID, "identify"))["expires_in"] == "soon"


async def test_any_profile_can_be_answered_once(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    standin.faults.user.once(json_answer({"id": "1"}))

    assert (await show_user(client)).json() == {"id": "1"}
    assert (await show_user(client)).status_code == 401


async def test_json_is_cut_in_half(
    standin: Standin, client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    tokens = await sign_in(NOVA_ID, "identify")
    standin.faults.user.once(truncated())

    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    response = await client.get("/api/v10/users/@me", headers=headers)

    assert response.status_code == 200
    assert response.text.startswith('{"id"')
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        response.json()


async def test_an_error_is_passed_on_unchanged(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    standin.faults.user.once(without_fields("message"))

    assert (await show_user(client)).json()["message"] == "401: Unauthorized"
