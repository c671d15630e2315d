"""A served Farout with people in it, and those who ask it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from backend.devtools.discord.seeds import COSMO_ID, LYRA_ID, NOVA_ID
from backend.devtools.discord.standin import STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET, Standin
from backend.devtools.fill.actions import fill
from backend.devtools.postgres import OWNER
from tests.fixtures.application import KEY, make_standin
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import FaroutProcess, free_port, serving
from tests.fuzz.callers import Caller, browser_of

PEOPLE = 60
# What no key may do: make others, or tell addresses that outlive it.
OF_PEOPLE = ("api_keys.manage", "webhooks.manage")
ROLES = {NOVA_ID: "admin", COSMO_ID: "officer", LYRA_ID: "member"}


@dataclass
class Target:
    """A served Farout with people in it, and those who ask."""

    origin: str
    process: FaroutProcess
    callers: list[Caller]
    spared: list[str]


def _quiet(stage: str) -> None:
    pass


@pytest.fixture
async def target(
    migrated: Server, empty_databases: None,
    auth_owner: Connection, community_owner: Connection,
) -> AsyncIterator[Target]:  # fmt: skip
    port, discord_port = free_port(), free_port()
    origin, discord = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{discord_port}"
    standin = make_standin(redirect_uris=(f"{origin}/auth/discord/callback",))
    process = FaroutProcess(
        {
            "PUBLIC_URL": origin,
            "RATE_LIMITS": "false",
            "REGISTRATION_MODE": "open",
            "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
            "DATABASE_URL": migrated.url("farout_app", "farout"),
            "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
            "DISCORD_CLIENT_ID": STANDIN_CLIENT_ID,
            "DISCORD_CLIENT_SECRET": STANDIN_CLIENT_SECRET,
            "DISCORD_AUTHORIZE_URL": f"{discord}/oauth2/authorize",
            "DISCORD_API_BASE_URL": f"{discord}/api/v10",
            "ENCRYPTION_KEYS": KEY,
            "COMMUNITY_KEYS": KEY,
        },
        port,
    )
    await fill(
        migrated.url(OWNER, "farout_auth"), migrated.url(OWNER, "farout"), PEOPLE, tell=_quiet
    )
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(serving(standin.app, discord_port))
        opened.push_async_callback(process.stop)
        await process.start()
        await asyncio.to_thread(_first_sign_ins, origin, standin)
        for person, role in ROLES.items():
            await auth_owner.execute(
                "UPDATE users SET role = $2 WHERE discord_id = $1", person, role
            )
        status, printed = await process.beside("sync", "reconcile")
        assert status == 0, printed
        callers = await asyncio.to_thread(_callers, origin, standin)
        own = await auth_owner.fetch(
            "SELECT uid::text FROM account_security JOIN users ON id = user_id"
            " WHERE discord_id = ANY($1)",
            list(ROLES),
        )
        yield Target(origin, process, callers, [*ROLES, *(row["uid"] for row in own)])


def _first_sign_ins(origin: str, standin: Standin) -> None:
    for person in ROLES:
        browser_of(origin, standin, person).close()


def _callers(origin: str, standin: Standin) -> list[Caller]:
    return [
        Caller("anonymous", origin, standin),
        Caller("member", origin, standin, LYRA_ID, share=2),
        Caller("officer", origin, standin, COSMO_ID),
        Caller("admin", origin, standin, NOVA_ID, share=5),
        Caller("member's token", origin, standin, LYRA_ID, by="token"),
        Caller("admin's token", origin, standin, NOVA_ID, by="token", share=2),
        _program(origin, standin),
    ]


def _program(origin: str, standin: Standin) -> Caller:
    """A program with a key that may do nearly everything."""
    admin = browser_of(origin, standin, NOVA_ID)
    listed = admin.get(f"{origin}/api/permissions").json()["items"]
    scopes = [one["name"] for one in listed if one["name"] not in OF_PEOPLE]
    made = admin.post(f"{origin}/api/keys", json={"name": "Program", "scopes": scopes})
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    return Caller("API key", origin, standin, NOVA_ID, by="key", share=2, headers=headers)
