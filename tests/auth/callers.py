"""Everybody who may ask the auth side for something, each with what they carry."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.auth.local_accounts import register, sign_in
from tests.fixtures.application import SESSION_COOKIE, Browser
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.people import make_local_user, signed_in_with_password, stale, uid_of
from tests.fixtures.two_services import NEW_KEY

Caller: TypeAlias = Callable[[People, Connection], Awaitable[Browser]]


async def anonymous(people: People, _: Connection) -> Browser:
    return people.farout.browser()


async def unverified(people: People, _: Connection) -> Browser:
    """Somebody whose address is not confirmed yet."""
    browser = people.farout.browser()
    assert (await register(browser)).status_code == 202
    assert (await sign_in(browser)).status_code == 200
    return browser


async def forced(people: People, owner: Connection) -> Browser:
    """Somebody who must change their password first."""
    await make_local_user(people.farout, owner)
    await owner.execute("UPDATE users SET must_change_password = true")
    return await signed_in_with_password(people.farout)


async def member(people: People, _: Connection) -> Browser:
    return await people.sign_in(COSMO_ID)


async def officer(people: People, _: Connection) -> Browser:
    return await people.sign_in(COSMO_ID, role="officer")


async def admin(people: People, _: Connection) -> Browser:
    return await people.sign_in(NOVA_ID, role="admin")


async def stale_admin(people: People, owner: Connection) -> Browser:
    """An admin who has not proved for ten minutes who sits there."""
    browser = await admin(people, owner)
    await stale(owner)
    return browser


async def impersonated(people: People, owner: Connection) -> Browser:
    """A member through an admin's eyes."""
    browser, cosmo = await admin(people, owner), await member(people, owner)
    address = f"/auth/users/{await uid_of(cosmo)}/impersonate"
    answer = await browser.post(address, json={"reason": "a ticket"})
    assert answer.status_code == 200, answer.text
    return browser


async def token(people: People, owner: Connection) -> Browser:
    """A program with an admin's access token."""
    issued = await (await admin(people, owner)).post("/auth/token")
    return _program(people, Authorization=f"Bearer {issued.json()['access_token']}")


async def api_key(people: People, owner: Connection) -> Browser:
    """A program with a key of the community."""
    wanted = {"name": "x", "scopes": ["members.read"]}
    made = await (await admin(people, owner)).post("/api/keys", json=wanted)
    assert made.status_code == 201, made.text
    return _program(people, Authorization=f"Bearer {made.json()['token']}")


async def service(people: People, _: Connection) -> Browser:
    """The community, where it is a service of its own."""
    return _program(people, **{"Internal-Token": NEW_KEY})


async def banned(people: People, owner: Connection) -> Browser:
    """Somebody who was signed in when they were banned."""
    browser, by = await member(people, owner), await admin(people, owner)
    answer = await by.post(f"/auth/users/{await uid_of(browser)}/ban", json={"reason": "Spam"})
    assert answer.status_code == 200, answer.text
    return browser


async def signed_out(people: People, owner: Connection) -> Browser:
    """Somebody with a copy of the cookie of an admin's session that is over."""
    browser = await admin(people, owner)
    cookie = browser.session_token
    assert (await browser.post("/auth/logout")).status_code == 204
    copy = people.farout.browser()
    copy.headers["Cookie"] = f"{SESSION_COOKIE}={cookie}"
    return copy


def _program(people: People, **headers: str) -> Browser:
    """Return a client without cookies, and without what only browsers send."""
    client = people.farout.browser()
    del client.headers["Sec-Fetch-Site"]
    client.headers.update(headers)
    return client


CALLERS: dict[str, Caller] = {
    one.__name__: one
    for one in (
        anonymous, signed_out, banned, unverified, forced, member, officer, admin, stale_admin,
        impersonated, token, api_key, service,
    )
}  # fmt: skip
