"""Linking Discord to an account that is signed in: never to another one, never the last way in away."""

import asyncio

import pytest

from backend.devtools.discord.seeds import COSMO_ID, NOVA_ID, REX_ID
from tests.auth.local_accounts import EMAIL, NAME, PASSWORD, code_of, member, register, sign_in
from tests.fixtures.application import Browser, Farout, one_row
from tests.fixtures.databases import Connection
from tests.fixtures.mail import Mailbox

LINK = "/auth/discord/link"
HTML = {"Accept": "text/html"}


async def begin_link(browser: Browser) -> str:
    response = await browser.get(LINK)
    assert response.status_code == 302, response.text
    return str(response.headers["location"])


async def test_a_linked_account_opens_with_both(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection, community_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    before = browser.session_token

    response = await browser.approve(await begin_link(browser), NOVA_ID)

    assert (response.status_code, response.headers["location"]) == (303, "/account?done=linked")
    assert browser.session_token == before
    assert (await browser.get("/auth/session")).json()["user"]["discord_id"] == NOVA_ID
    told = await mailbox.next(farout.auth, EMAIL)
    assert told["Subject"] == "A Discord account was linked"
    with_discord = await farout.signed_in(NOVA_ID)
    user = (await with_discord.get("/auth/session")).json()["user"]
    # The name that the password goes with, and the address that recovers it, stay.
    assert (user["username"], user["email"]) == (NAME, EMAIL)
    assert (await sign_in(farout.browser())).status_code == 200
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 1
    members = await community_owner.fetch("SELECT discord_id FROM members")
    assert [row["discord_id"] for row in members] == [NOVA_ID]
    last = "SELECT payload->>'discord_id' FROM outbox WHERE payload ? 'discord_id'"
    assert await auth_owner.fetchval(f"{last} ORDER BY id DESC LIMIT 1") == NOVA_ID


async def test_a_discord_account_of_somebody_else_is_refused_and_changes_nothing(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    owner = await farout.signed_in(NOVA_ID)
    browser = await member(farout, mailbox)
    everything = "SELECT array_agg(users ORDER BY id)::text FROM users"
    before = await auth_owner.fetchval(everything)

    refused = await browser.approve(await begin_link(browser), NOVA_ID)

    assert code_of(refused) == (409, "discord_taken")
    assert await auth_owner.fetchval(everything) == before
    assert (await owner.get("/auth/session")).json()["user"]["discord_id"] == NOVA_ID
    assert (await browser.get("/auth/session")).json()["user"]["discord_id"] is None
    links = "SELECT count(*) FROM audit_log WHERE action = 'discord.linked'"
    assert await auth_owner.fetchval(links) == 0


async def test_one_of_many_who_link_the_same_discord_account_at_once_gets_it(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browsers = [
        await member(farout, mailbox, name=f"person{n}", email=f"p{n}@example.test")
        for n in range(8)
    ]
    addresses = [await begin_link(browser) for browser in browsers]

    answers = await asyncio.gather(
        *(one.approve(at, NOVA_ID) for one, at in zip(browsers, addresses, strict=True))
    )

    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 7
    holders = "SELECT count(*) FROM users WHERE discord_id = $1"
    assert await auth_owner.fetchval(holders, NOVA_ID) == 1


@pytest.mark.asvs("6.8.1")
async def test_the_same_address_never_links_two_accounts(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """Discord vouches for an address that a local account has: still two accounts."""
    farout.standin.add_person(
        {"id": "510000000000001234", "username": "lookalike", "email": EMAIL, "verified": True}
    )
    await member(farout, mailbox)

    other = await farout.signed_in("510000000000001234")

    user = (await other.get("/auth/session")).json()["user"]
    assert (user["username"], user["email"]) == ("lookalike", None)
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 2


async def test_a_link_belongs_to_the_session_that_began_it(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    """Somebody else who signs in meanwhile in the same browser is not linked."""
    browser = await member(farout, mailbox)
    await member(farout, mailbox, name="second", email="second@example.test")
    address = await begin_link(browser)
    assert (await sign_in(browser, "second")).status_code == 200

    refused = await browser.approve(address, NOVA_ID)

    assert code_of(refused) == (403, "discord_link_refused")
    linked = "SELECT count(*) FROM users WHERE discord_id IS NOT NULL"
    assert await auth_owner.fetchval(linked) == 0
    assert farout.standin.count_calls("token") == 0


async def test_after_signing_out_a_link_under_way_leads_nowhere(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    address = await begin_link(browser)
    await browser.post("/auth/logout")

    refused = await browser.approve(address, NOVA_ID)

    assert refused.status_code == 401
    linked = "SELECT count(*) FROM users WHERE discord_id IS NOT NULL"
    assert await auth_owner.fetchval(linked) == 0


async def test_a_link_is_not_begun_from_elsewhere(
    farout: Farout, browser: Browser, mailbox: Mailbox
) -> None:
    assert (await browser.get(LINK)).status_code == 401
    linkable = await member(farout, mailbox)
    for site in ("cross-site", "same-site"):
        refused = await linkable.get(LINK, headers={"Sec-Fetch-Site": site})
        assert code_of(refused) == (403, "discord_link_refused")
    await register(browser, name="unconfirmed", email="u@example.test")
    await sign_in(browser, "unconfirmed")
    assert code_of(await browser.get(LINK)) == (403, "email_not_verified")


async def test_a_second_discord_account_needs_the_first_to_go(
    farout: Farout, mailbox: Mailbox
) -> None:
    browser = await member(farout, mailbox)
    first, second = await begin_link(browser), await begin_link(browser)
    assert (await browser.approve(first, NOVA_ID)).status_code == 303

    assert code_of(await browser.approve(second, COSMO_ID)) == (409, "discord_already_linked")
    assert code_of(await browser.get(LINK)) == (409, "discord_already_linked")

    assert (await browser.delete(LINK)).status_code == 204
    assert (await browser.approve(await begin_link(browser), COSMO_ID)).status_code == 303


async def test_unlinking_shuts_that_door_and_leaves_the_other(
    farout: Farout, mailbox: Mailbox, auth_owner: Connection
) -> None:
    browser = await member(farout, mailbox)
    await browser.approve(await begin_link(browser), NOVA_ID)
    with_discord, with_password = await farout.signed_in(NOVA_ID), farout.browser()
    await sign_in(with_password)

    assert (await browser.delete(LINK)).status_code == 204

    assert (await with_discord.get("/auth/session")).status_code == 401
    assert (await with_password.get("/auth/session")).status_code == 200
    assert (await browser.get("/auth/session")).json()["user"]["discord_id"] is None
    assert code_of(await browser.delete(LINK)) == (409, "discord_not_linked")
    stranger = await farout.signed_in(NOVA_ID)
    assert (await stranger.get("/auth/session")).json()["user"]["username"] != NAME
    outbox = (
        "SELECT payload->>'discord_id' AS id FROM outbox WHERE payload->>'username' = $1"
        " ORDER BY id DESC LIMIT 1"
    )
    assert (await one_row(auth_owner, outbox, NAME))["id"] is None


async def test_the_last_way_in_stays(browser: Browser) -> None:
    await browser.sign_in()

    assert code_of(await browser.delete(LINK)) == (409, "last_way_in")
    page = await browser.post("/account/discord/unlink", headers=HTML)
    assert page.status_code == 409
    assert (await browser.get("/auth/session")).json()["user"]["discord_id"] == NOVA_ID


async def test_two_hundred_double_unlinks_at_once_lock_nobody_out(
    farout: Farout, auth_owner: Connection
) -> None:
    """Half of the people have a password besides Discord; everybody clicks twice."""
    hashed = await farout.auth.passwords.hash(PASSWORD)
    people = [str(700_000_000_000_000_000 + number) for number in range(200)]
    browsers = []
    for number, person in enumerate(people):
        farout.standin.add_person({"id": person, "username": f"person{number}"})
        browsers.append(await farout.signed_in(person))
    await auth_owner.execute("UPDATE users SET hashed_password = $1 WHERE id % 2 = 0", hashed)

    # As many at once as there are connections; the two clicks of one person always are.
    answers = []
    for first in range(0, len(browsers), 5):
        at_once = browsers[first : first + 5] * 2
        answers += await asyncio.gather(*(browser.delete(LINK) for browser in at_once))

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(204) == 100
    assert statuses.count(409) == 300
    locked_out = "SELECT count(*) FROM users WHERE discord_id IS NULL AND hashed_password IS NULL"
    assert await auth_owner.fetchval(locked_out) == 0
    entries = "SELECT count(*) FROM audit_log WHERE action = 'discord.unlinked'"
    assert await auth_owner.fetchval(entries) == 100


async def test_the_account_page_links_and_unlinks_without_a_script(
    farout: Farout, mailbox: Mailbox
) -> None:
    browser = await member(farout, mailbox)
    assert f'href="{LINK}"' in (await browser.get("/account", headers=HTML)).text
    await browser.approve(await begin_link(browser), REX_ID)
    page = await browser.get("/account?done=linked", headers=HTML)
    assert "is linked" in page.text
    assert "/account/discord/unlink" in page.text

    done = await browser.post("/account/discord/unlink", headers=HTML)

    assert (done.status_code, done.headers["location"]) == (303, "/account?done=unlinked")
    assert f'href="{LINK}"' in (await browser.get("/account?done=unlinked", headers=HTML)).text
