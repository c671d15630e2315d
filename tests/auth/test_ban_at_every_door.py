"""Whoever is banned is told so at every door, and gets in again when the ban has run out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2
import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID
from tests.auth import scenes
from tests.auth.local_accounts import EMAIL, NAME, PASSWORD
from tests.auth.scenes import Site
from tests.fixtures.application import Browser, Farout
from tests.fixtures.authenticator import Authenticator
from tests.fixtures.community import People
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox
from tests.fixtures.people import uid_of
from tests.fixtures.two_services import AuthService, CommunityService

HTML = {"Accept": "text/html"}
UNTIL = "2099-05-01T12:00:00+00:00"


@dataclass
class Person:
    """Somebody with every way in, signed in before the ban, and an admin."""

    farout: Farout
    browser: Browser
    admin: Browser
    uid: str
    device: Authenticator
    access_token: str
    refresh_token: str
    reset_token: str


@pytest.fixture
async def person(
    farout: Farout, auth_owner: Connection, community_owner: Connection, mailbox: Mailbox
) -> Person:
    site = Site(farout, auth_owner, mailbox)
    browser, device = (await scenes.linked(site)).browser, Authenticator()
    asked = (await browser.post("/auth/passkeys/new")).json()
    made = {"challenge": asked["challenge"], "credential": device.make(asked["options"])}
    await browser.post("/auth/passkeys", json=made | {"name": "x"})
    issued = (await browser.post("/auth/token")).json()
    assert (await mailbox.next(farout.auth, EMAIL))["Subject"] == "A Discord account was linked"
    await browser.post("/auth/password/forgot", json={"email": EMAIL})
    people = People(farout, auth_owner, community_owner)
    admin = await people.sign_in(COSMO_ID, role="admin")
    return Person(
        farout, browser, admin, await uid_of(browser), device, issued["access_token"],
        issued["refresh_token"], await site.mailed(EMAIL),
    )  # fmt: skip


async def password(person: Person) -> httpx2.Response:
    login = {"identifier": NAME, "password": PASSWORD}
    return await person.farout.browser().post("/auth/login", json=login)


async def discord(person: Person) -> httpx2.Response:
    browser = person.farout.browser()
    return await browser.approve(await browser.begin(), NOVA_ID)


async def passkey(person: Person) -> httpx2.Response:
    browser = person.farout.browser()
    asked = (await browser.post("/auth/passkeys/proof")).json()
    answer = person.device.prove(asked["options"])
    proof = {"challenge": asked["challenge"], "credential": answer}
    return await browser.post("/auth/passkeys/sign-in", json=proof)


async def session(person: Person) -> httpx2.Response:
    return await person.browser.get("/auth/session")


async def page(person: Person) -> httpx2.Response:
    return await person.browser.get("/account")


async def community(person: Person) -> httpx2.Response:
    return await person.browser.get("/api/members/me")


async def bearer(person: Person) -> httpx2.Response:
    header = {"Authorization": f"Bearer {person.access_token}"}
    return await person.farout.browser().get("/auth/session", headers=header)


async def refresh(person: Person) -> httpx2.Response:
    body = {"refresh_token": person.refresh_token}
    return await person.farout.browser().post("/auth/token/refresh", json=body)


async def link(person: Person) -> httpx2.Response:
    return await person.browser.get("/auth/discord/link")


async def new_tokens(person: Person) -> httpx2.Response:
    return await person.browser.post("/auth/token")


async def impersonation(person: Person) -> httpx2.Response:
    body = {"reason": "a ticket"}
    return await person.admin.post(f"/auth/users/{person.uid}/impersonate", json=body)


async def reset(person: Person) -> httpx2.Response:
    body = {"token": person.reset_token, "new_password": "another lantern beyond it"}
    return await person.farout.browser().post("/auth/password/reset", json=body)


Door = Callable[[Person], Awaitable[httpx2.Response]]
WAYS_IN: tuple[Door, ...] = (password, discord, passkey)
OF_A_SESSION: tuple[Door, ...] = (session, page, community, bearer, new_tokens, link)
# A link of a mail is worth nothing, as if it were unknown; there is nothing to be seen as they.
SHUT: dict[Door, tuple[int, str]] = {
    reset: (400, "reset_link_refused"),
    impersonation: (409, "user_cannot_sign_in"),
}


async def ban(person: Person) -> None:
    wanted = {"reason": "flooding", "expires_at": UNTIL}
    answer = await person.admin.post(f"/auth/users/{person.uid}/ban", json=wanted)
    assert answer.status_code == 200, answer.text


def told(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("door", [*WAYS_IN, *OF_A_SESSION, refresh], ids=lambda door: door.__name__)
async def test_it_is_said_why_and_until_when_at(door: Door, person: Person) -> None:
    await ban(person)

    answer = await door(person)

    assert told(answer) == (403, "account_banned")
    assert (answer.json()["reason"], answer.json()["banned_until"]) == ("flooding", UNTIL)


@pytest.mark.parametrize("door", SHUT, ids=lambda door: door.__name__)
async def test_nothing_is_opened_by(door: Door, person: Person) -> None:
    await ban(person)

    assert told(await door(person)) == SHUT[door]


async def test_a_page_says_it_in_words_and_the_way_out_stays_open(person: Person) -> None:
    await ban(person)

    shown = await person.browser.get("/account", headers=HTML)
    out = await person.browser.post("/sign-out", headers=HTML)

    assert shown.status_code == 403
    assert "This account is banned until 1 May 2099, 12:00 UTC: flooding" in shown.text
    assert out.status_code == 303
    assert (await person.browser.get("/sign-in", headers=HTML)).status_code == 200


async def test_when_it_has_run_out_every_way_in_is_open_and_the_old_session_is_over(
    person: Person, auth_owner: Connection
) -> None:
    await ban(person)
    await auth_owner.execute("UPDATE account_security SET ban_expires_at = now()")

    for door in WAYS_IN:
        assert (await door(person)).status_code in (200, 303), door.__name__
    for door in OF_A_SESSION:
        assert told(await door(person)) == (401, "not_signed_in"), door.__name__


async def test_a_session_that_was_signed_out_before_is_just_over(person: Person) -> None:
    cookie = person.browser.session_token
    await person.browser.post("/auth/logout")
    await ban(person)

    copied = person.farout.browser()
    copied.headers["Cookie"] = f"__Host-farout_session={cookie}"

    assert told(await session(Person(**(vars(person) | {"browser": copied})))) == (
        401, "not_signed_in",
    )  # fmt: skip


async def test_a_community_by_itself_says_it_too(
    distant_auth: AuthService, distant_community: CommunityService, auth_owner: Connection
) -> None:
    nova = (await distant_auth.signed_in(NOVA_ID)).at(distant_community.app)
    assert (await nova.get("/api/members")).status_code == 200

    await auth_owner.execute("UPDATE account_security SET banned_at = now(), ban_reason = 'Spam'")

    answer = await nova.get("/api/members")
    assert (*told(answer), answer.json()["reason"]) == (403, "account_banned", "Spam")
