"""What has to stand before a route can change something: who asks, and what they know."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID, REX_ID
from tests.auth.local_accounts import EMAIL, NAME, PASSWORD, member, register
from tests.auth.test_kept_bans import banned_and_erased
from tests.fixtures.application import Browser, Farout
from tests.fixtures.authenticator import Authenticator
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox, token_in
from tests.fixtures.people import code_for, enrol, uid_of
from tests.fixtures.two_services import NEW_KEY

NEW_EMAIL = "other@example.test"


@dataclass(frozen=True)
class Site:
    farout: Farout
    owner: Connection
    mailbox: Mailbox

    async def mailed(self, address: str) -> str:
        """Return the token of the oldest mail to an address."""
        return token_in(await self.mailbox.next(self.farout.auth, address))


@dataclass(frozen=True)
class Scene:
    """Somebody about to ask; ``known`` fills the address and the body."""

    browser: Browser
    known: dict[str, Any] = field(default_factory=dict)


Setting: TypeAlias = Callable[[Site], Awaitable[Scene]]


async def somebody(site: Site) -> Scene:
    return Scene(site.farout.browser())


async def at_discord(site: Site) -> Scene:
    """A browser that Discord is about to send back."""
    browser = site.farout.browser()
    back = site.farout.standin.approve(await browser.begin(), NOVA_ID)
    return Scene(browser, {"query": back.partition("?")[2]})


async def at_discord_again(site: Site) -> Scene:
    """The same where somebody else is signed in."""
    browser = (await with_password(site)).browser
    back = site.farout.standin.approve(await browser.begin(), NOVA_ID)
    return Scene(browser, {"query": back.partition("?")[2]})


async def with_discord(site: Site) -> Scene:
    return Scene(await site.farout.signed_in(COSMO_ID))


async def with_password(site: Site) -> Scene:
    """Somebody with a confirmed address and a password."""
    return Scene(await member(site.farout, site.mailbox))


async def at_discord_to_link(site: Site) -> Scene:
    browser = (await with_password(site)).browser
    begun = (await browser.get("/auth/discord/link")).headers["location"]
    back = site.farout.standin.approve(begun, NOVA_ID)
    return Scene(browser, {"query": back.partition("?")[2]})


async def linked(site: Site) -> Scene:
    """Somebody with a password and Discord."""
    scene = await at_discord_to_link(site)
    await scene.browser.get(f"/auth/discord/callback?{scene.known['query']}")
    return scene


async def leaving(site: Site) -> Scene:
    """Somebody who asked for the account to be deleted and signed in once more."""
    scene = await with_password(site)
    await scene.browser.post("/auth/deletion", json={"username": NAME})
    await scene.browser.post("/auth/login", json={"identifier": NAME, "password": PASSWORD})
    return scene


async def registered(site: Site) -> Scene:
    """Somebody whose address waits to be confirmed."""
    browser = site.farout.browser()
    assert (await register(browser)).status_code == 202
    token = await site.mailed(EMAIL)
    await browser.post("/auth/login", json={"identifier": NAME, "password": PASSWORD})
    await site.owner.execute("UPDATE email_verifications SET sent_at = now() - interval '1 hour'")
    return Scene(browser, {"token": token})


async def forgetful(site: Site) -> Scene:
    await with_password(site)
    browser = site.farout.browser()
    await browser.post("/auth/password/forgot", json={"email": EMAIL})
    return Scene(browser, {"token": await site.mailed(EMAIL)})


async def moving(site: Site) -> Scene:
    """Somebody whose new address waits to be confirmed."""
    browser = (await with_password(site)).browser
    wanted = {"new_email": NEW_EMAIL, "current_password": PASSWORD}
    assert (await browser.post("/auth/email/change", json=wanted)).status_code == 202
    return Scene(browser, {"token": await site.mailed(NEW_EMAIL)})


async def moved(site: Site) -> Scene:
    scene = await moving(site)
    await scene.browser.post("/auth/email/change/confirm", json=scene.known)
    return Scene(scene.browser, {"token": await site.mailed(EMAIL)})


async def two_sessions(site: Site) -> Scene:
    await site.farout.signed_in(COSMO_ID)
    other = await site.farout.signed_in(COSMO_ID)
    session = (await other.get("/auth/session")).json()["session"]["id"]
    return Scene(await site.farout.signed_in(COSMO_ID), {"session_id": session})


async def enrolling(site: Site) -> Scene:
    browser = (await with_password(site)).browser
    secret = (await browser.post("/auth/totp")).json()["secret"]
    return Scene(browser, {"code": code_for(secret)})


async def enrolled(site: Site) -> Scene:
    """Somebody with an authenticator app, and its next code."""
    browser = (await with_password(site)).browser
    secret, recovery_codes = await enrol(browser)
    return Scene(browser, {"code": code_for(secret), "recovery_code": recovery_codes[0]})


async def challenged(site: Site) -> Scene:
    """The same at the door, with the password given."""
    known = (await enrolled(site)).known
    browser = site.farout.browser()
    asked = await browser.post("/auth/login", json={"identifier": NAME, "password": PASSWORD})
    return Scene(browser, known | {"challenge": asked.json()["challenge"]})


async def asked_for_new_passkey(site: Site) -> Scene:
    browser, device = await site.farout.signed_in(COSMO_ID), Authenticator()
    asked = (await browser.post("/auth/passkeys/new")).json()
    known = {"challenge": asked["challenge"], "credential": device.make(asked["options"])}
    return Scene(browser, known | {"device": device})


async def with_passkey(site: Site) -> Scene:
    scene = await asked_for_new_passkey(site)
    device = scene.known.pop("device")
    added = await scene.browser.post("/auth/passkeys", json=scene.known | {"name": "x"})
    return Scene(scene.browser, {"passkey_id": added.json()["id"], "device": device})


async def asked_for_passkey(site: Site) -> Scene:
    device = (await with_passkey(site)).known["device"]
    browser = site.farout.browser()
    asked = (await browser.post("/auth/passkeys/proof")).json()
    known = {"challenge": asked["challenge"], "credential": device.prove(asked["options"])}
    return Scene(browser, known)


async def with_program(site: Site) -> Scene:
    browser = await site.farout.signed_in(COSMO_ID)
    issued = (await browser.post("/auth/token")).json()
    return Scene(browser, {"refresh_token": issued["refresh_token"]})


async def admin(site: Site) -> Scene:
    """An admin, and a user with two sessions, a password and an authenticator app."""
    scene = await enrolled(site)
    begun = (await scene.browser.get("/auth/discord/link")).headers["location"]
    await scene.browser.approve(begun, REX_ID)
    session = (await scene.browser.get("/auth/session")).json()
    known = {"uid": session["user"]["uid"], "session_id": session["session"]["id"]}
    return Scene(await site.farout.signed_in(NOVA_ID, role="admin"), known)


async def admin_and_banned(site: Site) -> Scene:
    scene = await admin(site)
    await scene.browser.post(f"/auth/users/{scene.known['uid']}/ban", json={"reason": "Spam"})
    return scene


async def admin_and_kept_ban(site: Site) -> Scene:
    """An admin, and somebody who was banned and is gone."""
    uid = await banned_and_erased(site.farout, site.owner)
    return Scene(await site.farout.signed_in(NOVA_ID, role="admin"), {"uid": uid})


async def admin_with_code(site: Site) -> Scene:
    browser = await site.farout.signed_in(NOVA_ID, role="admin")
    made = (await browser.post("/auth/registration-codes", json={})).json()
    return Scene(browser, {"code_id": made["details"]["id"]})


async def service(site: Site) -> Scene:
    uid = await uid_of(await site.farout.signed_in(COSMO_ID))
    browser = site.farout.browser()
    browser.headers["Internal-Token"] = NEW_KEY
    return Scene(browser, {"uid": uid})
