"""auth, community and worker as processes of their own, each with its own secrets, behind one address."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
import pytest

from backend.devtools.discord.seeds import NOVA_ID
from backend.devtools.discord.standin import STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET, Standin
from tests.fixtures.application import KEY, make_standin, one_row
from tests.fixtures.databases import Connection, Server, until
from tests.fixtures.front import front
from tests.fixtures.mirror import in_step
from tests.fixtures.servers import FaroutProcess, free_port, serving


@dataclass
class Services:
    """What is running, and how a person gets in."""

    origin: str
    standin: Standin
    auth: FaroutProcess
    community: FaroutProcess

    def browser(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.origin, headers={"Sec-Fetch-Site": "same-origin"})

    async def sign_in(self, browser: httpx2.AsyncClient) -> httpx2.Response:
        begun = await browser.get("/auth/discord/login", params={"next": "/profile"})
        return await browser.get(self.standin.approve(begun.headers["location"], NOVA_ID))


@pytest.fixture
async def services(migrated: Server, empty_databases: None) -> AsyncIterator[Services]:
    port, auth_port, community_port, discord_port = (free_port() for _ in range(4))
    origin = f"http://127.0.0.1:{port}"
    auth_url, community_url, discord = (
        f"http://127.0.0.1:{one}" for one in (auth_port, community_port, discord_port)
    )
    standin = make_standin(redirect_uris=(f"{origin}/auth/discord/callback",))
    shared = {
        "PUBLIC_URL": origin,
        "AUTH_SERVICE_API_KEY": os.urandom(32).hex(),
        "WEBHOOK_SECRETS": "whsec_" + base64.b64encode(os.urandom(32)).decode(),
        "EVENT_TRANSPORT": "webhook",
    }
    auth_database = {"AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth")}
    auth = FaroutProcess(
        {
            **shared,
            **auth_database,
            "COMMUNITY_SERVICE_URL": community_url,
            "DISCORD_CLIENT_ID": STANDIN_CLIENT_ID,
            "DISCORD_CLIENT_SECRET": STANDIN_CLIENT_SECRET,
            "DISCORD_AUTHORIZE_URL": f"{discord}/oauth2/authorize",
            "DISCORD_API_BASE_URL": f"{discord}/api/v10",
            "ENCRYPTION_KEYS": KEY,
        },
        auth_port,
        "--side",
        "auth",
    )
    community = FaroutProcess(
        {
            **shared,
            "AUTH_SERVICE_URL": auth_url,
            "DATABASE_URL": migrated.url("farout_app", "farout"),
            "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
        },
        community_port,
        "--side",
        "community",
    )
    worker = FaroutProcess(
        {**shared, **auth_database, "COMMUNITY_SERVICE_URL": community_url},
        command="worker",
        ready=b"delivering",
    )
    processes = (auth, community, worker)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(serving(standin.app, discord_port))
        for process in processes:
            opened.push_async_callback(process.stop)
        await asyncio.gather(*(process.start() for process in processes))
        await opened.enter_async_context(front(port, auth=auth_url, community=community_url))
        yield Services(origin, standin, auth, community)


async def test_a_person_signs_in_at_one_service_and_is_known_at_the_other(
    services: Services, auth_owner: Connection, community_owner: Connection
) -> None:
    async with services.browser() as browser:
        back = await services.sign_in(browser)
        assert (back.status_code, back.headers["location"]) == (303, "/profile")
        # The profile is there before the browser is: nobody waited for the worker.
        assert await community_owner.fetchval("SELECT display_name FROM members") == "Nova Reyes"

        profile = await browser.get("/profile")
        assert profile.status_code == 200
        assert "Nova Reyes" in profile.text
        assert (await browser.get("/api/members/me")).json()["discord_id"] == NOVA_ID
        assert (await browser.get("/auth/session")).status_code == 200

        await auth_owner.execute("UPDATE users SET role = 'officer'")
        await until(community_owner, "SELECT role FROM userbase", "officer")
        assert await in_step(auth_owner, community_owner)

        assert (await browser.post("/auth/logout")).status_code == 204
        async with asyncio.timeout(2):
            while (await browser.get("/api/members/me")).status_code != 401:
                pass


async def test_a_sign_in_while_the_community_is_away_is_made_good_later(
    services: Services, community_owner: Connection
) -> None:
    services.community.kill()
    await services.community.gone()
    async with services.browser() as browser:
        assert (await services.sign_in(browser)).status_code == 303
        assert await community_owner.fetchval("SELECT count(*) FROM members") == 0

        await services.community.start()
        await until(community_owner, "SELECT count(*) FROM members", 1, seconds=30)
        row = await one_row(community_owner, "SELECT display_name FROM members")
        assert row["display_name"] == "Nova Reyes"
        assert (await browser.get("/api/members/me")).status_code == 200


async def test_the_doctor_looks_at_the_side_that_it_is_called_on(services: Services) -> None:
    for process, says in (
        (services.auth, "farout_auth answers"),
        (services.community, "auth service at"),
    ):
        status, printed = await process.beside("doctor")
        assert status == 0, printed
        assert says in printed
        assert "WRONG" not in printed
