"""Judges what a step came to by the words of its ``expect``; an unknown word is a failure."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

from tests.fixtures.application import ORIGIN, SESSION_COOKIE
from tests.security.steps import Outcome, World

# The least that a sign-in needs, and the address that admins may be found by.
SCOPES = "identify email"
# Name and value; what every browser keeps.
LONGEST_COOKIE = 4096


async def judge(world: World, outcome: Outcome, expected: dict[str, Any]) -> None:
    for word, wanted in expected.items():
        assert word in JUDGES, f"the runner does not know the expectation {word!r}"
        await JUDGES[word](world, outcome, wanted)


async def status(_: World, outcome: Outcome, wanted: Any) -> None:
    for response in outcome.responses:
        assert is_status(response.status_code, wanted), (response.status_code, response.text)


def is_status(code: int, wanted: Any) -> bool:
    """Read 404, [302, 303], "4xx" and "!5xx"."""
    if isinstance(wanted, list):
        return any(is_status(code, one) for one in wanted)
    if isinstance(wanted, int):
        return code == wanted
    text = str(wanted)
    if text.startswith("!"):
        return not is_status(code, text[1:])
    return text == f"{code // 100}xx"


async def location(world: World, outcome: Outcome, wanted: str) -> None:
    found = outcome.responses[0].headers["location"]
    if wanted == "local":
        assert stays_here(found), found
    elif wanted == "discord":
        assert found.startswith(f"{world.farout.auth.settings.discord_authorize_url}?"), found
    else:
        assert found == world.fill(wanted)


def stays_here(address: str) -> bool:
    """Whether a browser that is sent there is still at our origin."""
    parts = urlsplit(urljoin(f"{ORIGIN}/auth/discord/callback", address))
    return address.startswith("/") and f"{parts.scheme}://{parts.netloc}" == ORIGIN


async def location_query(world: World, outcome: Outcome, wanted: dict[str, str | None]) -> None:
    query = parse_qs(urlsplit(outcome.responses[0].headers["location"]).query)
    for name, value in wanted.items():
        assert query.get(name) == (None if value is None else [configured(world, name, value)])


def configured(world: World, name: str, value: str) -> str:
    """The corpus does not know this site's client id, nor that it asks for the e-mail address."""
    if value == "CONFIGURED":
        return world.farout.auth.settings.discord_client_id
    return SCOPES if name == "scope" else world.fill(value)


async def session(world: World, outcome: Outcome, wanted: str) -> None:
    person, before = outcome.person, outcome.before
    now = await person.session()
    made = await world.count_sessions() - before.sessions
    if wanted == "none":
        assert made == 0
        assert now == before.session
    elif wanted == "new":
        assert made == 1
        assert now is not None
        assert person.session_cookie not in (None, before.cookie)
    elif wanted == "same":
        assert made == 0
        assert now is not None
        assert (now, person.session_cookie) == (before.session, before.cookie)
    elif wanted == "gone":
        assert now is None
    else:
        assert wanted == "any", wanted


async def token_calls(world: World, _: Outcome, wanted: int) -> None:
    assert world.farout.standin.count_calls("token") == wanted


async def token_calls_max(world: World, _: Outcome, wanted: int) -> None:
    assert world.farout.standin.count_calls("token") <= wanted


async def sessions_created_max(world: World, outcome: Outcome, wanted: int) -> None:
    assert await world.count_sessions() - outcome.before.sessions <= wanted


async def header(_: World, outcome: Outcome, wanted: dict[str, str | None]) -> None:
    for response in outcome.responses:
        for name, value in wanted.items():
            assert response.headers.get(name) == value, name


async def body_not(_: World, outcome: Outcome, wanted: list[str]) -> None:
    for response in outcome.responses:
        assert [text for text in wanted if text in whole(response)] == []


def whole(response: httpx2.Response) -> str:
    """Return an answer's headers and body as one text."""
    lines = [f"{name}: {value}" for name, value in response.headers.multi_items()]
    return "\n".join([*lines, response.text])


async def not_admin(world: World, outcome: Outcome, _: bool) -> None:
    """Nobody but the admin that every case begins with, and that one's address is still theirs."""
    now = await outcome.person.session()
    assert now is None or now["user"]["role"] == "member"
    admins = await world.auth_owner.fetch("SELECT * FROM users WHERE role <> 'member'")
    assert [(admin["username"], admin["discord_id"]) for admin in admins] == [("admin", None)]
    owners = "SELECT username FROM users WHERE lower(email) = 'admin@example.test'"
    assert await world.auth_owner.fetchval(owners) == "admin"


async def set_cookie_attrs(_: World, outcome: Outcome, wanted: list[str]) -> None:
    """What the session's cookie has, and with ``!`` what it has not."""
    found = outcome.responses[0].headers.get_list("set-cookie")
    [cookie] = [one for one in found if one.startswith(SESSION_COOKIE)]
    assert len(cookie.partition(";")[0]) <= LONGEST_COOKIE
    for one in wanted:
        assert (one.removeprefix("!") in cookie) != one.startswith("!"), cookie


async def user(_: World, outcome: Outcome, wanted: dict[str, Any]) -> None:
    """What the site says of whoever is signed in now."""
    now = await outcome.person.session()
    assert now is not None
    assert {name: now["user"][name] for name in wanted} == wanted


JUDGES: dict[str, Callable[[World, Outcome, Any], Awaitable[None]]] = {
    one.__name__: one
    for one in (
        status, location, location_query, session, token_calls, token_calls_max,
        sessions_created_max, header, body_not, not_admin, user,
        set_cookie_attrs,
    )
}  # fmt: skip
