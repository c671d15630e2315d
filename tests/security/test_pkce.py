"""The code verifier: strong, fresh, sent to Discord alone, and readable nowhere on the way."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from backend.devtools.discord.standin import Standin
from tests.fixtures.application import Browser, Farout
from tests.fixtures.databases import Connection
from tests.security.dumps import occurrences
from tests.security.expectations import whole
from tests.security.replicas import another_replica


class Wire(httpx2.AsyncBaseTransport):
    """The way to Discord, with a note of every form that was sent to the token endpoint."""

    def __init__(self, standin: Standin) -> None:
        self._standin = httpx2.ASGITransport(app=standin.app)
        self.token_forms: list[dict[str, list[str]]] = []
        self.addresses: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.addresses.append(str(request.url))
        if request.url.path.endswith("/oauth2/token"):
            self.token_forms.append(parse_qs((await request.aread()).decode()))
        return await self._standin.handle_async_request(request)


@pytest.fixture
def wire(farout: Farout) -> Wire:
    return Wire(farout.standin)


@pytest.fixture
async def visitor(farout: Farout, wire: Wire) -> AsyncIterator[Browser]:
    """Yield a browser in front of a Farout whose way to Discord can be looked at."""
    async with another_replica(farout, discord=wire) as replica, replica.browser() as browser:
        yield browser


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.asvs("10.2.1")
async def test_the_verifier_is_the_one_that_was_promised(visitor: Browser, wire: Wire) -> None:
    address = await visitor.begin()
    await visitor.approve(address)

    (form,) = wire.token_forms
    (verifier,) = form["code_verifier"]
    assert parse_qs(urlsplit(address).query)["code_challenge"] == [s256(verifier)]
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier)
    assert form["grant_type"] == ["authorization_code"]


async def test_every_sign_in_has_a_verifier_of_its_own(visitor: Browser, wire: Wire) -> None:
    for _ in range(5):
        await visitor.sign_in()

    assert len({form["code_verifier"][0] for form in wire.token_forms}) == 5


async def test_the_verifier_is_in_no_cookie_address_page_log_or_column(
    visitor: Browser, wire: Wire, auth_owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    begun = await visitor.get("/auth/discord/login")
    rows = await auth_owner.fetch("SELECT s::text FROM oauth_states AS s")
    finished = await visitor.approve(begun.headers["location"])

    verifier = wire.token_forms[0]["code_verifier"][0]
    texts = [whole(begun), whole(finished), caplog.text, *wire.addresses, *(row[0] for row in rows)]
    assert len(rows) == 1
    assert [text for text in texts if verifier in text or verifier.encode().hex() in text] == []
    assert await occurrences(auth_owner, verifier) == []


async def test_a_verifier_cannot_be_moved_to_another_sign_in(
    farout: Farout, auth_owner: Connection
) -> None:
    """Whoever can write the table still cannot make one sign-in finish with another's verifier."""
    browser = farout.browser()
    first, second = await browser.begin(), await browser.begin()
    await auth_owner.execute(
        "UPDATE oauth_states SET verifier = (SELECT verifier FROM oauth_states LIMIT 1)"
    )

    answers = [await browser.approve(address) for address in (first, second)]

    assert sorted(answer.status_code for answer in answers) == [303, 400]
