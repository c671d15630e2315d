import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from backend.devtools.discord.faults import IssMode
from backend.devtools.discord.people import avatar_path
from backend.devtools.discord.seeds import LYRA_ID, NOVA_ID
from backend.devtools.discord.standin import (
    STANDIN_CLIENT_ID,
    STANDIN_CLIENT_SECRET,
    Standin,
    StandinSettings,
    create_standin,
)

CALLBACK = "http://localhost:8000/auth/discord/callback"
STATE = 'a state/with+odd&characters=ü"<'
DENIED = "The resource owner or authorization server denied the request"
INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed."


def query(**chosen: str | None) -> str:
    usual: dict[str, str | None] = {
        "client_id": STANDIN_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "identify email",
        "state": STATE,
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    return urlencode({k: v for k, v in (usual | chosen).items() if v is not None})


def fields_of(location: str) -> dict[str, list[str]]:
    assert location.startswith(f"{CALLBACK}?")
    return parse_qs(urlsplit(location).query, keep_blank_values=True)


async def decide(
    browser: httpx2.AsyncClient, decision: str, asked: str, person_id: str = NOVA_ID
) -> httpx2.Response:
    data = dict(parse_qsl(asked)) | {"person": person_id, "decision": decision}
    return await browser.post("/oauth2/authorize", data=data)


async def test_shows_what_is_asked_and_who_can_answer(browser: httpx2.AsyncClient) -> None:
    response = await browser.get(f"/oauth2/authorize?{query()}")

    assert response.status_code == 200
    page = unescape(response.text)
    assert "This is not Discord." in page
    assert "See your e-mail address" in page
    assert "Nova Reyes" in page
    assert "E-mail not verified" in page
    assert "Sputnik#1337" in page
    assert page.count(" checked") == 1
    assert re.search(rf'value="{NOVA_ID}"[^>]* checked', page)


async def test_the_page_allows_no_scripts_and_loads_its_own_styles(
    browser: httpx2.AsyncClient,
) -> None:
    page = await browser.get(f"/oauth2/authorize?{query()}")
    styles = await browser.get("/static/standin.css")

    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert "form-action 'self' http://localhost:8000" in policy
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert styles.headers["Content-Type"].startswith("text/css")


async def test_escapes_what_people_are_called(
    standin: Standin, browser: httpx2.AsyncClient
) -> None:
    standin.add_person({"id": "2", "global_name": "<script>x</script>"}, note='"><b>')

    response = await browser.get(f"/oauth2/authorize?{query()}")

    assert "<script>" not in response.text
    assert "<b>" not in response.text
    assert "&lt;script&gt;" in response.text


async def test_the_form_of_the_page_leads_back_with_the_same_state(
    browser: httpx2.AsyncClient,
) -> None:
    page = await browser.get(f"/oauth2/authorize?{query()}")
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    data = {unescape(name): unescape(value) for name, value in hidden}

    response = await browser.post(
        "/oauth2/authorize", data=data | {"person": NOVA_ID, "decision": "authorize"}
    )

    assert response.status_code == 303
    fields = fields_of(response.headers["Location"])
    assert fields.keys() == {"code", "state", "iss"}
    assert fields["state"] == [STATE]
    assert fields["iss"] == ["https://discord.com"]


async def test_cancelling_leads_back_with_access_denied(
    standin: Standin, browser: httpx2.AsyncClient
) -> None:
    response = await decide(browser, "cancel", query())

    assert fields_of(response.headers["Location"]) == {
        "error": ["access_denied"],
        "error_description": [DENIED],
        "state": [STATE],
        "iss": ["https://discord.com"],
    }
    assert response.headers["Location"] == standin.cancel(query())


@pytest.mark.parametrize(
    ("mode", "issuers"),
    [
        ("on", ["https://discord.com"]),
        ("off", []),
        ("wrong", ["https://not-discord.example"]),
        ("duplicate", ["https://discord.com", "https://discord.com"]),
    ],
)
def test_the_issuer_can_be_switched(standin: Standin, mode: IssMode, issuers: list[str]) -> None:
    standin.faults.iss = mode

    assert fields_of(standin.approve(query(), NOVA_ID)).get("iss", []) == issuers
    assert fields_of(standin.cancel(query())).get("iss", []) == issuers


def test_sends_no_state_back_if_none_came(standin: Standin) -> None:
    assert "state" not in fields_of(standin.approve(query(state=None), NOVA_ID))


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "987654321098765432"},
        {"client_id": None},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": "http://127.0.0.1:8000/auth/discord/callback"},
        {"redirect_uri": "https://attacker.example/"},
    ],
)
async def test_shows_an_error_where_it_must_not_redirect(
    standin: Standin, browser: httpx2.AsyncClient, change: dict[str, str | None]
) -> None:
    for response in (
        await browser.get(f"/oauth2/authorize?{query(**change)}"),
        await decide(browser, "authorize", query(**change)),
    ):
        assert response.status_code == 400
        assert "Something is wrong" in response.text
        assert "Location" not in response.headers
    with pytest.raises(ValueError, match="error page"):
        standin.approve(query(**change), NOVA_ID)


@pytest.mark.parametrize(
    ("change", "error", "description"),
    [
        ({"scope": "identity"}, "invalid_scope", INVALID_SCOPE),
        ({"scope": "identify,email"}, "invalid_scope", INVALID_SCOPE),
        ({"scope": None}, "invalid_scope", INVALID_SCOPE),
        (
            {"code_challenge_method": "plain"},
            "invalid_request",
            'Unsupported "code_challenge_method"',
        ),
        (
            {"code_challenge_method": None},
            "invalid_request",
            'Unsupported "code_challenge_method"',
        ),
        ({"response_type": None}, "invalid_request", "Missing response_type parameter."),
    ],
)
async def test_redirects_with_an_error(
    browser: httpx2.AsyncClient, change: dict[str, str | None], error: str, description: str
) -> None:
    response = await browser.get(f"/oauth2/authorize?{query(**change)}")

    fields = fields_of(response.headers["Location"])
    assert fields["error"] == [error]
    assert fields["error_description"] == [description]
    assert fields["state"] == [STATE]
    assert fields["iss"] == ["https://discord.com"]


@pytest.mark.parametrize("scope", ["identify rpc", "identify role_connections.write"])
async def test_refuses_some_scopes_only_after_the_click(
    browser: httpx2.AsyncClient, scope: str
) -> None:
    page = await browser.get(f"/oauth2/authorize?{query(scope=scope)}")
    clicked = await decide(browser, "authorize", query(scope=scope))

    assert page.status_code == 200
    assert fields_of(clicked.headers["Location"])["error"] == ["invalid_scope"]


def test_grants_linked_roles_without_pkce(standin: Standin) -> None:
    asked = query(
        scope="identify role_connections.write", code_challenge=None, code_challenge_method=None
    )

    assert "code" in fields_of(standin.approve(asked, NOVA_ID))


async def test_prompt_none_skips_the_page_for_somebody_who_agreed_before(
    browser: httpx2.AsyncClient,
) -> None:
    await decide(browser, "authorize", query(), LYRA_ID)

    same = await browser.get(f"/oauth2/authorize?{query(prompt='none')}")
    fewer = await browser.get(f"/oauth2/authorize?{query(prompt='none', scope='identify')}")
    more = await browser.get(f"/oauth2/authorize?{query(prompt='none', scope='identify guilds')}")
    asking = await browser.get(f"/oauth2/authorize?{query()}")

    assert "code" in fields_of(same.headers["Location"])
    assert "code" in fields_of(fewer.headers["Location"])
    assert more.status_code == asking.status_code == 200


async def test_prompt_none_shows_the_page_to_a_browser_it_does_not_know(
    standin: Standin, browser: httpx2.AsyncClient
) -> None:
    standin.approve(query(), NOVA_ID)

    assert (await browser.get(f"/oauth2/authorize?{query(prompt='none')}")).status_code == 200


async def test_the_older_address_leads_to_the_page(browser: httpx2.AsyncClient) -> None:
    response = await browser.get(f"/api/oauth2/authorize?{query()}")

    assert response.headers["Location"] == f"/oauth2/authorize?{query()}"


async def test_every_picture_on_the_page_exists(
    standin: Standin, browser: httpx2.AsyncClient
) -> None:
    pictures = [
        await browser.get(f"/cdn{avatar_path(person.profile)}")
        for person in standin.people.values()
    ]

    assert {picture.status_code for picture in pictures} == {200}
    assert len({picture.content for picture in pictures}) == len(pictures)


@pytest.mark.parametrize(
    "path",
    ["/embed/avatars/6.png", f"/avatars/{NOVA_ID}/{'0' * 32}.png", "/avatars/3/x.png", "/icons/1"],
)
async def test_pictures_that_nobody_has_are_not_found(
    browser: httpx2.AsyncClient, path: str
) -> None:
    assert (await browser.get(f"/cdn{path}")).status_code == 404


async def test_only_animated_avatars_come_as_gif(
    standin: Standin, browser: httpx2.AsyncClient
) -> None:
    moving = await browser.get(f"/cdn{avatar_path(standin.people[LYRA_ID].profile)}")
    still = standin.people[NOVA_ID].profile["avatar"]

    assert moving.content.startswith(b"GIF89a")
    assert (await browser.get(f"/cdn/avatars/{NOVA_ID}/{still}.gif")).status_code == 404


async def test_can_be_mounted_below_a_prefix() -> None:
    settings = StandinSettings(
        client_id=STANDIN_CLIENT_ID,
        client_secret=STANDIN_CLIENT_SECRET,
        redirect_uris=(CALLBACK,),
        issuer="https://discord.com",
        base_path="/dev/discord",
    )
    standin = create_standin(settings)
    outer = Starlette(routes=[Mount("/dev/discord", standin.app)])
    transport = httpx2.ASGITransport(app=outer)
    async with httpx2.AsyncClient(transport=transport, base_url="http://farout.test") as http:
        page = await http.get(f"/dev/discord/oauth2/authorize?{query()}")
        links = re.findall(r'(?:href|src)="([^"]*)"', page.text)
        loaded = [(await http.get(link)).status_code for link in links]
        stranger = await http.get("/dev/discord/api/v10/users/@me")
        discovery = await http.get("/dev/discord/.well-known/openid-configuration")
        bot = {"User-Agent": "DiscordBot (https://farout.example, 1.0)"}
        unknown = await http.get("/dev/discord/api/v10/planets", headers=bot)

    assert 'action="/dev/discord/oauth2/authorize"' in page.text
    assert set(loaded) == {200}
    assert stranger.status_code == 403
    assert unknown.json() == {"message": "404: Not Found", "code": 0}
    assert standin.calls[-1].path == "/api/v10/planets"
    assert discovery.json()["issuer"] == "https://discord.com"
    assert discovery.json()["authorization_response_iss_parameter_supported"] is True
    assert discovery.json()["token_endpoint"].startswith("http://farout.test/dev/discord/api/")
