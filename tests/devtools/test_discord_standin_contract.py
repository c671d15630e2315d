"""What the stand-in answers is what Discord's OpenAPI document says it may answer."""

import copy
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from backend.devtools.discord.fault_kinds import rate_limited
from backend.devtools.discord.guilds import GUILD_ID
from backend.devtools.discord.seeds import JUNO_ID, NOVA_ID, REX_ID, VEGA_ID, seeded_people
from backend.devtools.discord.standin import Standin

SignIn = Callable[[str, str], Awaitable[dict[str, Any]]]

CONTRACT = Path(__file__).parents[1] / "contracts" / "discord" / "openapi.json"
EVERYBODY = sorted(seeded_people())
EVERYTHING = "identify email guilds guilds.members.read"


def relax(document: dict[str, Any]) -> dict[str, Any]:
    """Loosen the document where Discord's own documented answers break it, and only there.

    A 429 has no ``code``, and the ``code`` of an error inside ``errors`` is a string
    (docs: Discord facts 9).
    """
    relaxed = copy.deepcopy(document)
    schemas = relaxed["components"]["schemas"]
    reference = {"$ref": "#/components/schemas/Error"}

    without_code = copy.deepcopy(schemas["Error"])
    without_code["required"].remove("code")
    limited = schemas["RatelimitedResponse"]["allOf"]
    limited[limited.index(reference)] = without_code

    with_text_code = copy.deepcopy(schemas["Error"])
    with_text_code["properties"]["code"]["type"] = "string"
    inner = schemas["InnerErrors"]["properties"]["_errors"]
    assert inner["items"] == reference
    inner["items"] = with_text_code
    return relaxed


DOCUMENT = relax(json.loads(CONTRACT.read_text(encoding="utf-8")))


def check(body: object, path: str, status: str = "200") -> None:
    """Validate an answer against what the document promises for this path and status."""
    response = DOCUMENT["paths"][path]["get"]["responses"][status]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    Draft202012Validator(schema | {"components": DOCUMENT["components"]}).validate(body)


async def get(client: httpx2.AsyncClient, path: str, tokens: dict[str, Any]) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return await client.get(f"/api/v10{path}", headers=headers)


@pytest.mark.parametrize("person_id", EVERYBODY)
async def test_user_with_email_keeps_the_contract(
    client: httpx2.AsyncClient, sign_in: SignIn, person_id: str
) -> None:
    response = await get(client, "/users/@me", await sign_in(person_id, "identify email"))

    assert response.status_code == 200
    check(response.json(), "/users/@me")
    assert {"email", "verified"} <= response.json().keys()


@pytest.mark.parametrize("person_id", EVERYBODY)
async def test_user_without_email_scope_keeps_the_contract_and_hides_the_email(
    client: httpx2.AsyncClient, sign_in: SignIn, person_id: str
) -> None:
    response = await get(client, "/users/@me", await sign_in(person_id, "identify"))

    assert response.status_code == 200
    check(response.json(), "/users/@me")
    assert not {"email", "verified"} & response.json().keys()


@pytest.mark.parametrize("person_id", EVERYBODY)
async def test_user_has_no_field_that_the_contract_does_not_know(
    client: httpx2.AsyncClient, sign_in: SignIn, person_id: str
) -> None:
    response = await get(client, "/users/@me", await sign_in(person_id, "identify email"))

    known = DOCUMENT["components"]["schemas"]["UserPIIResponse"]["properties"]
    assert response.json().keys() <= known.keys()


@pytest.mark.parametrize("person_id", EVERYBODY)
async def test_current_authorization_keeps_the_contract(
    client: httpx2.AsyncClient, sign_in: SignIn, person_id: str
) -> None:
    response = await get(client, "/oauth2/@me", await sign_in(person_id, EVERYTHING))

    assert response.status_code == 200
    check(response.json(), "/oauth2/@me")
    assert response.json()["scopes"] == EVERYTHING.split()
    assert datetime.fromisoformat(response.json()["expires"]).tzinfo is not None
    assert not {"email", "verified", "locale"} & response.json()["user"].keys()


async def test_current_authorization_without_identify_names_nobody(
    client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    response = await get(client, "/oauth2/@me", await sign_in(NOVA_ID, "guilds"))

    check(response.json(), "/oauth2/@me")
    assert "user" not in response.json()


@pytest.mark.parametrize("person_id", EVERYBODY)
@pytest.mark.parametrize("query", ["", "?with_counts=true", "?limit=1"])
async def test_guilds_keep_the_contract(
    client: httpx2.AsyncClient, sign_in: SignIn, person_id: str, query: str
) -> None:
    response = await get(client, f"/users/@me/guilds{query}", await sign_in(person_id, "guilds"))

    assert response.status_code == 200
    check(response.json(), "/users/@me/guilds")
    for guild in response.json():
        assert ("approximate_member_count" in guild) == (query == "?with_counts=true")


@pytest.mark.parametrize("person_id", EVERYBODY)
async def test_member_keeps_the_contract_or_is_not_found(
    standin: Standin, client: httpx2.AsyncClient, sign_in: SignIn, person_id: str
) -> None:
    tokens = await sign_in(person_id, "guilds.members.read")

    response = await get(client, f"/users/@me/guilds/{GUILD_ID}/member", tokens)

    path = "/users/@me/guilds/{guild_id}/member"
    if GUILD_ID in standin.people[person_id].memberships:
        assert response.status_code == 200
        check(response.json(), path)
    else:
        assert response.status_code == 404
        assert response.json() == {"message": "Unknown Guild", "code": 10004}
        check(response.json(), path, "4XX")


async def test_people_are_what_their_notes_say(
    standin: Standin, client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    guilds = await get(client, "/users/@me/guilds", await sign_in(NOVA_ID, "guilds"))
    tokens = await sign_in(VEGA_ID, "guilds.members.read")
    member = await get(client, f"/users/@me/guilds/{GUILD_ID}/member", tokens)
    nowhere = await get(client, "/users/@me/guilds", await sign_in(JUNO_ID, "guilds"))

    assert [guild["name"] for guild in guilds.json()] == [
        "Farout Observatory",
        "Lagrange Point Lounge ☕",
    ]
    assert len(member.json()["roles"]) == 2
    assert nowhere.json() == []
    assert standin.people[REX_ID].banned_from == {GUILD_ID}


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/users/@me", "/users/@me"),
        ("/oauth2/@me", "/oauth2/@me"),
        ("/users/@me/guilds", "/users/@me/guilds"),
        (f"/users/@me/guilds/{GUILD_ID}/member", "/users/@me/guilds/{guild_id}/member"),
    ],
)
async def test_a_dead_token_is_refused_as_in_the_contract(
    client: httpx2.AsyncClient, path: str, template: str
) -> None:
    response = await get(client, path, {"access_token": "long-gone"})

    assert response.status_code == 401
    assert response.json() == {"message": "401: Unauthorized", "code": 0}
    check(response.json(), template, "4XX")


async def test_a_missing_scope_is_refused_like_a_dead_token(
    client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    response = await get(client, "/users/@me/guilds", await sign_in(NOVA_ID, "identify"))

    assert response.status_code == 401
    assert response.json() == {"message": "401: Unauthorized", "code": 0}


async def test_an_invalid_parameter_is_refused_with_nested_errors(
    client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    tokens = await sign_in(NOVA_ID, "guilds")

    response = await get(client, "/users/@me/guilds?limit=1000", tokens)

    assert response.status_code == 400
    assert response.json()["code"] == 50035
    check(response.json(), "/users/@me/guilds", "4XX")


async def test_being_rate_limited_keeps_the_relaxed_contract(
    standin: Standin, client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    tokens = await sign_in(NOVA_ID, "identify")
    standin.faults.user.once(rate_limited())

    response = await get(client, "/users/@me", tokens)

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "2"
    check(response.json(), "/users/@me", "429")


async def test_answers_carry_the_rate_limit_headers_of_the_contract(
    client: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    response = await get(client, "/users/@me", await sign_in(NOVA_ID, "identify"))

    promised = DOCUMENT["paths"]["/users/@me"]["get"]["responses"]["200"]["headers"]
    assert all(name in response.headers for name in promised)


async def test_an_unknown_route_is_not_found_in_the_format_of_the_api(
    client: httpx2.AsyncClient,
) -> None:
    response = await client.get("/api/v10/planets/@me")

    assert response.status_code == 404
    assert response.json() == {"message": "404: Not Found", "code": 0}
