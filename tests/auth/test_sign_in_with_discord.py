"""The way of a newcomer, and what stands in both databases afterwards."""

from urllib.parse import parse_qs, urlsplit

import pytest

from backend.devtools.discord import seeds
from tests.fixtures.application import ORIGIN, Browser, Farout, one_row
from tests.fixtures.databases import Connection


async def test_a_newcomer_ends_with_a_session_a_user_and_a_profile(
    browser: Browser, auth_owner: Connection, community_owner: Connection
) -> None:
    response = await browser.sign_in(seeds.NOVA_ID)

    assert response.headers["location"] == "/"
    session = (await browser.get("/auth/session")).json()
    assert session["user"]["discord_id"] == seeds.NOVA_ID
    assert session["user"]["username"] == "nova.reyes"
    assert session["user"]["role"] == "member"
    user = await one_row(auth_owner, "SELECT * FROM users")
    assert (user["discord_id"], user["discriminator"]) == (seeds.NOVA_ID, None)
    assert user["hashed_password"] is None
    assert user["last_login"] is not None
    member = await one_row(community_owner, "SELECT * FROM members")
    assert member["discord_id"] == seeds.NOVA_ID
    assert member["display_name"] == "Nova Reyes"
    assert member["avatar_url"].startswith("https://cdn.discordapp.com/avatars/")
    assert (member["missions_completed"], member["stats"]) == ("[]", "{}")


async def test_asks_discord_with_pkce_and_the_fixed_redirect_uri(browser: Browser) -> None:
    url = urlsplit(await browser.begin())

    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://discord.test/oauth2/authorize"
    assert query["code_challenge_method"] == "S256"
    assert query["response_type"] == "code"
    assert query["scope"] == "identify email"
    assert query["redirect_uri"] == f"{ORIGIN}/auth/discord/callback"


@pytest.mark.asvs("7.6.2")
async def test_discord_is_left_to_ask_the_person(browser: Browser) -> None:
    """Without `prompt=none` nobody is signed in by a page that they merely looked at."""
    query = parse_qs(urlsplit(await browser.begin()).query)

    assert "prompt" not in query
    assert (await browser.get("/auth/session")).status_code == 401


async def test_every_call_to_discord_says_who_is_calling(farout: Farout) -> None:
    await farout.signed_in()

    agents = {call.user_agent for call in farout.standin.calls if call.is_api}
    assert agents == {f"DiscordBot ({ORIGIN}, 0.1.0)"}


@pytest.mark.parametrize("person", sorted(seeds.seeded_people()))
async def test_everybody_can_sign_in(farout: Farout, person: str) -> None:
    browser = await farout.signed_in(person)

    assert (await browser.get("/api/members/me")).json()["discord_id"] == person
