from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from backend.devtools.discord.standin import (
    STANDIN_CLIENT_ID,
    STANDIN_CLIENT_SECRET,
    Standin,
    StandinSettings,
    create_standin,
)

CALLBACK = "http://localhost:8000/auth/discord/callback"


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wait(clock: Clock) -> Callable[[float], None]:
    """Return a function that lets time pass for the stand-in."""
    return clock.wait


@pytest.fixture
def standin(clock: Clock) -> Standin:
    settings = StandinSettings(
        client_id=STANDIN_CLIENT_ID,
        client_secret=STANDIN_CLIENT_SECRET,
        redirect_uris=(CALLBACK,),
        issuer="https://discord.com",
    )
    return create_standin(settings, clock=lambda: clock.now)


@pytest.fixture
async def client(standin: Standin) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a well-behaved server: it says who it is."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=standin.app),
        base_url="http://discord.test",
        headers={"User-Agent": "DiscordBot (https://farout.example, 1.0)"},
    ) as http:
        yield http


@pytest.fixture
async def browser(standin: Standin) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a browser, which keeps its cookies."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=standin.app),
        base_url="http://discord.test",
        headers={"User-Agent": "Mozilla/5.0"},
    ) as http:
        yield http


@pytest.fixture
def sign_in(
    standin: Standin, client: httpx2.AsyncClient
) -> Callable[[str, str], Awaitable[dict[str, Any]]]:
    """Return a function that signs a person in for some scopes and gives the token answer."""

    async def sign_in(person_id: str, scope: str) -> dict[str, Any]:
        query = {
            "client_id": STANDIN_CLIENT_ID,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": scope,
        }
        callback = standin.approve(urlencode(query), person_id)
        [code] = parse_qs(urlsplit(callback).query)["code"]
        response = await client.post(
            "/api/oauth2/token",
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
            auth=(STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET),
        )
        body: dict[str, Any] = response.json()
        return body

    return sign_in
