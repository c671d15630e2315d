from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from backend.devtools.discord.standin import (
    STANDIN_CLIENT_ID,
    STANDIN_CLIENT_SECRET,
    Standin,
    StandinSettings,
    create_standin,
)
from backend.devtools.discord.verifier import s256

CALLBACK = "http://localhost:8000/auth/discord/callback"
VERIFIER = "far-out-" * 8
SETTINGS = StandinSettings(
    client_id=STANDIN_CLIENT_ID,
    client_secret=STANDIN_CLIENT_SECRET,
    redirect_uris=(CALLBACK,),
    issuer="https://discord.com",
)
BASIC = (STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET)
INVALID_CODE = {"error": "invalid_grant", "error_description": 'Invalid "code" in request.'}
INVALID_VERIFIER = {
    "error": "invalid_request",
    "error_description": 'Invalid "code_verifier"',
}


def query(**chosen: str | None) -> str:
    """Return an authorize query: name only what is different, None leaves a parameter out."""
    usual: dict[str, str | None] = {
        "client_id": STANDIN_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "identify email",
        "state": "a state/with+odd&characters=ü",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
    }
    return urlencode({k: v for k, v in (usual | chosen).items() if v is not None})


def without_pkce() -> str:
    return query(code_challenge=None, code_challenge_method=None)


def code_in(callback: str) -> str:
    [code] = parse_qs(urlsplit(callback).query)["code"]
    return code


def form(code: str, **chosen: str | None) -> dict[str, str]:
    usual: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return {k: v for k, v in (usual | chosen).items() if v is not None}


async def exchange(client: httpx2.AsyncClient, code: str, **chosen: str | None) -> httpx2.Response:
    return await client.post("/api/oauth2/token", data=form(code, **chosen), auth=BASIC)


async def refresh(client: httpx2.AsyncClient, token: str, **more: str) -> httpx2.Response:
    data = {"grant_type": "refresh_token", "refresh_token": token} | more
    return await client.post("/api/v10/oauth2/token", data=data, auth=BASIC)


async def status_of(client: httpx2.AsyncClient, access_token: str) -> int:
    headers = {"Authorization": f"Bearer {access_token}"}
    return (await client.get("/api/v10/users/@me", headers=headers)).status_code


async def test_gives_tokens_for_a_code(standin: Standin, client: httpx2.AsyncClient) -> None:
    callback = standin.approve(f"/oauth2/authorize?{query()}", NOVA_ID)

    response = await exchange(client, code_in(callback))

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    body = response.json()
    assert body["token_type"].lower() == "bearer"
    assert body["expires_in"] == 604800
    assert body["scope"] == "identify email"
    assert body["refresh_token"]
    assert await status_of(client, body["access_token"]) == 200


async def test_an_access_token_lives_seven_days(
    standin: Standin, client: httpx2.AsyncClient, wait: Callable[[float], None]
) -> None:
    tokens = (await exchange(client, code_in(standin.approve(query(), NOVA_ID)))).json()
    wait(604800)

    assert await status_of(client, tokens["access_token"]) == 401


async def test_refuses_a_code_the_second_time(standin: Standin, client: httpx2.AsyncClient) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))
    await exchange(client, code)

    response = await exchange(client, code)

    assert response.status_code == 400
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == INVALID_CODE


@pytest.mark.parametrize(("seconds", "status"), [(99, 200), (100, 400)])
async def test_a_code_lives_a_hundred_seconds(
    standin: Standin,
    client: httpx2.AsyncClient,
    wait: Callable[[float], None],
    seconds: float,
    status: int,
) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))
    wait(seconds)

    assert (await exchange(client, code)).status_code == status


async def test_refuses_a_code_with_another_redirect_uri(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))

    response = await exchange(client, code, redirect_uri=f"{CALLBACK}/")

    assert response.status_code == 400
    assert response.json() == INVALID_CODE


@pytest.mark.parametrize("verifier", ["x" * 43, "too-short", "x" * 129])
async def test_refuses_a_wrong_verifier(
    standin: Standin, client: httpx2.AsyncClient, verifier: str
) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))

    response = await exchange(client, code, code_verifier=verifier)

    assert response.status_code == 400
    assert response.json() == INVALID_VERIFIER


async def test_refuses_a_short_verifier_even_if_it_fits(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    code = code_in(standin.approve(query(code_challenge=s256("short")), NOVA_ID))

    response = await exchange(client, code, code_verifier="short")

    assert response.json() == INVALID_VERIFIER


async def test_misses_a_verifier_that_was_announced(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))

    response = await exchange(client, code, code_verifier=None)

    assert response.status_code == 400
    assert response.json() == {
        "error": "invalid_request",
        "error_description": 'Missing "code_verifier"',
    }


async def test_refuses_a_verifier_that_was_not_announced(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    code = code_in(standin.approve(without_pkce(), NOVA_ID))

    assert (await exchange(client, code)).json() == INVALID_VERIFIER


async def test_works_without_pkce(standin: Standin, client: httpx2.AsyncClient) -> None:
    code = code_in(standin.approve(without_pkce(), NOVA_ID))

    assert (await exchange(client, code, code_verifier=None)).status_code == 200


async def test_accepts_the_secret_in_the_form(standin: Standin, client: httpx2.AsyncClient) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))
    data = form(code, client_id=STANDIN_CLIENT_ID, client_secret=STANDIN_CLIENT_SECRET)

    assert (await client.post("/api/oauth2/token", data=data)).status_code == 200


async def test_refuses_the_secret_in_both_places(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))

    response = await exchange(
        client, code, client_id=STANDIN_CLIENT_ID, client_secret=STANDIN_CLIENT_SECRET
    )

    assert response.status_code == 400
    assert response.json() == {"error": "invalid_request"}


@pytest.mark.parametrize(
    "auth", [(STANDIN_CLIENT_ID, "wrong"), ("200000000000000002", STANDIN_CLIENT_SECRET)]
)
async def test_refuses_an_unknown_client(client: httpx2.AsyncClient, auth: tuple[str, str]) -> None:
    response = await client.post("/api/oauth2/token", data=form("any"), auth=auth)

    assert response.status_code == 401
    assert response.json() == {"error": "invalid_client"}


async def test_takes_a_missing_secret_for_a_missing_verifier(client: httpx2.AsyncClient) -> None:
    data = form("any", client_id=STANDIN_CLIENT_ID, code_verifier=None)

    response = await client.post("/api/oauth2/token", data=data)

    assert response.json()["error_description"] == 'Missing "code_verifier"'


async def test_does_not_read_json(standin: Standin, client: httpx2.AsyncClient) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))

    response = await client.post("/api/oauth2/token", json=form(code), auth=BASIC)

    assert response.status_code == 400
    assert response.json() == {
        "error": "unsupported_grant_type",
        "error_description": "Grant type None is not supported",
    }


async def test_does_not_read_the_query_string(standin: Standin, client: httpx2.AsyncClient) -> None:
    code = code_in(standin.approve(query(), NOVA_ID))

    response = await client.post(f"/api/oauth2/token?{urlencode(form(code))}", auth=BASIC)

    assert response.json()["error"] == "unsupported_grant_type"


async def test_tokens_are_not_for_getting(client: httpx2.AsyncClient) -> None:
    response = await client.get("/api/oauth2/token")

    assert response.status_code == 405
    assert response.json() == {"message": "405: Method Not Allowed", "code": 0}


async def test_refreshing_gives_a_new_pair_and_ends_the_old_one(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    old = (await exchange(client, code_in(standin.approve(query(), NOVA_ID)))).json()

    new = (await refresh(client, old["refresh_token"])).json()
    again = await refresh(client, old["refresh_token"])

    assert new["scope"] == old["scope"]
    assert await status_of(client, new["access_token"]) == 200
    assert await status_of(client, old["access_token"]) == 401
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_grant",
        "error_description": 'Invalid "refresh_token" in request',
    }


async def test_refreshing_can_narrow_the_scopes_but_not_widen_them(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    old = (await exchange(client, code_in(standin.approve(query(), NOVA_ID)))).json()

    wider = await refresh(client, old["refresh_token"], scope="identify guilds")
    narrower = await refresh(client, old["refresh_token"], scope="identify")

    assert wider.json()["error"] == "invalid_scope"
    assert narrower.json()["scope"] == "identify"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_one_token_ends_all_of_this_person(
    standin: Standin, client: httpx2.AsyncClient, kind: str
) -> None:
    first = (await exchange(client, code_in(standin.approve(query(), NOVA_ID)))).json()
    second = (await exchange(client, code_in(standin.approve(query(), NOVA_ID)))).json()
    other = (await exchange(client, code_in(standin.approve(query(), COSMO_ID)))).json()

    response = await client.post(
        "/api/oauth2/token/revoke", data={"token": first[kind]}, auth=BASIC
    )

    assert response.status_code == 200
    assert response.json() == {}
    assert await status_of(client, first["access_token"]) == 401
    assert await status_of(client, second["access_token"]) == 401
    assert (await refresh(client, second["refresh_token"])).status_code == 400
    assert await status_of(client, other["access_token"]) == 200


@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        ({"token": "unknown"}, 200, {}),
        ({}, 400, {"error": "invalid_request"}),
        ({"token": "x", "token_type_hint": "id"}, 400, {"error": "unsupported_token_type"}),
    ],
)
async def test_revoking_answers_what_was_asked(
    client: httpx2.AsyncClient, data: dict[str, str], status: int, body: dict[str, str]
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post(
        "/api/v10/oauth2/token/revoke", content=urlencode(data), headers=headers, auth=BASIC
    )

    assert response.status_code == status
    assert response.json() == body


async def test_revoking_needs_the_secret(client: httpx2.AsyncClient) -> None:
    response = await client.post("/api/oauth2/token/revoke", data={"token": "x"})

    assert response.status_code == 401
    assert response.json() == {"error": "invalid_client"}


@pytest.mark.parametrize("path", ["/api/oauth2/token", "/api/v10/users/@me", "/api/nothing"])
async def test_turns_strangers_away_from_the_api(browser: httpx2.AsyncClient, path: str) -> None:
    response = await browser.get(path)

    assert response.status_code == 403
    assert response.json() == {"message": "internal network error", "code": 40333}


async def test_notes_every_call(standin: Standin, client: httpx2.AsyncClient) -> None:
    await exchange(client, code_in(standin.approve(query(), NOVA_ID)))
    await client.get("/api/v10/users/@me")

    assert [(call.method, call.path) for call in standin.calls] == [
        ("POST", "/api/oauth2/token"),
        ("GET", "/api/v10/users/@me"),
    ]
    assert all(call.user_agent.startswith("DiscordBot (") for call in standin.calls)
    assert standin.count_calls("token") == 1


async def test_reset_forgets_tokens_calls_and_added_people(
    standin: Standin, client: httpx2.AsyncClient
) -> None:
    tokens = (await exchange(client, code_in(standin.approve(query(), NOVA_ID)))).json()
    standin.add_person({"id": "1", "username": "passer-by"})
    standin.faults.iss = "off"

    standin.reset()

    assert standin.calls == []
    assert "1" not in standin.people
    assert "iss=" in standin.cancel(query())
    assert await status_of(client, tokens["access_token"]) == 401


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (replace(SETTINGS, environment="production"), "does not start in production"),
        (replace(SETTINGS, client_id="987654321098765432"), "made-up client id"),
        (replace(SETTINGS, redirect_uris=()), "at least one"),
    ],
)
def test_refuses_to_be_anything_but_a_development_tool(
    settings: StandinSettings, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        create_standin(settings)
