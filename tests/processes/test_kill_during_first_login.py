"""kill -9 at every message to PostgreSQL of a first login: the next login heals all of it.

Farout runs as a process of its own behind a wire that counts what it sends to PostgreSQL. For each
number in turn the process is killed, once before the message arrives and once after; then it is
started again and the same person signs in. The numbers end with the first login that sends fewer.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count

import httpx2
import pytest

from backend.devtools.discord.seeds import NOVA_ID
from backend.devtools.discord.standin import STANDIN_CLIENT_ID, STANDIN_CLIENT_SECRET, Standin
from tests.fixtures.application import KEY, make_standin
from tests.fixtures.databases import Connection, Server
from tests.fixtures.mirror import Deliver, in_step
from tests.fixtures.servers import FaroutProcess, Moment, WatchedWire, free_port, serving


@dataclass
class Scene:
    """Everything one crash needs."""

    standin: Standin
    wire: WatchedWire
    environment: dict[str, str]
    origin: str
    port: int

    async def start(self) -> FaroutProcess:
        process = FaroutProcess(self.environment, self.port)
        await process.start()
        return process

    async def sign_in(self) -> int:
        """Sign in as Nova with a new browser; returns the status, 0 when the server went away."""
        async with httpx2.AsyncClient(base_url=self.origin, trust_env=False) as browser:
            try:
                begun = await browser.get("/auth/discord/login")
                self.wire.count = 0
                callback = self.standin.approve(begun.headers["location"], NOVA_ID)
                return (await browser.get(callback)).status_code
            except httpx2.TransportError:
                return 0


@pytest.fixture
async def scene(migrated: Server, empty_databases: None) -> AsyncIterator[Scene]:
    port, standin_port = free_port(), free_port()
    origin = f"http://127.0.0.1:{port}"
    standin = make_standin(redirect_uris=(f"{origin}/auth/discord/callback",))
    wire = WatchedWire(migrated.host, migrated.port)
    await wire.open()
    through = Server(migrated.host, wire.port, migrated.owner, migrated.owner_password)
    discord = f"http://127.0.0.1:{standin_port}"
    environment = {
        "PUBLIC_URL": origin,
        "AUTH_DATABASE_URL": through.url("farout_auth_service", "farout_auth"),
        "DATABASE_URL": through.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": through.url("farout_sync", "farout"),
        "DISCORD_CLIENT_ID": STANDIN_CLIENT_ID,
        "DISCORD_CLIENT_SECRET": STANDIN_CLIENT_SECRET,
        "DISCORD_AUTHORIZE_URL": f"{discord}/oauth2/authorize",
        "DISCORD_API_BASE_URL": f"{discord}/api/v10",
        "ENCRYPTION_KEYS": KEY,
        "RATE_LIMITS": "false",
    }
    async with serving(standin.app, standin_port):
        yield Scene(standin, wire, environment, origin, port)
    await wire.close()


def killing(process: FaroutProcess, at: int, *, arrives: bool) -> Moment:
    """Kill the process when it sends its message of this number."""

    async def kill(number: int, _data: bytes) -> None:
        if number != at:
            return
        await end(process)
        if not arrives:
            raise ConnectionResetError("killed before the message left")

    return kill


async def end(process: FaroutProcess) -> None:
    process.kill()
    await process.gone()


async def _crash(scene: Scene, process: FaroutProcess, moment: Moment) -> bool:
    """Sign in and say whether the process was killed over it; it is gone in either case."""
    scene.wire.on_message = moment
    status = await scene.sign_in()
    scene.wire.on_message = None
    await end(process)
    assert status in (0, 303)
    return status == 0


async def _delivered(deliver: Deliver, auth: Connection, community: Connection) -> None:
    """What was committed in farout_auth reaches the community without another sign-in."""
    await _end_backends(auth)
    while await deliver():
        pass
    assert await in_step(auth, community)
    names = [row["display_name"] for row in await community.fetch("SELECT * FROM members")]
    assert names == ["Nova Reyes"] * await auth.fetchval("SELECT count(*) FROM users")


async def _heals(scene: Scene, auth: Connection, community: Connection) -> FaroutProcess:
    """Start again and sign in again; returns the process."""
    process = await scene.start()
    assert await scene.sign_in() == 303
    assert await auth.fetchval("SELECT count(*) FROM users") == 1
    assert await auth.fetchval("SELECT count(*) FROM account_security") == 1
    row = await community.fetchrow("SELECT display_name FROM members")
    assert row is not None
    assert row["display_name"] == "Nova Reyes"
    assert await community.fetchval("SELECT count(*) FROM members") == 1
    return process


async def _end_backends(auth: Connection) -> None:
    """A killed process leaves its backends behind for a moment, with their locks; see them off."""
    await auth.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename IN"
        " ('farout_auth_service', 'farout_app', 'farout_sync') AND pid <> pg_backend_pid()"
    )


async def _empty(auth: Connection, community: Connection) -> None:
    await auth.execute("TRUNCATE users, oauth_states, audit_log CASCADE; TRUNCATE outbox")
    await community.execute("DELETE FROM members; DELETE FROM userbase")


async def test_killed_between_the_two_databases_the_profile_is_made_all_the_same(
    scene: Scene, auth_owner: Connection, community_owner: Connection, deliver: Deliver
) -> None:
    process = await scene.start()

    async def kill_before_the_profile(_number: int, data: bytes) -> None:
        if b"INSERT INTO members" in data:
            await end(process)
            raise ConnectionResetError("killed before the message left")

    assert await _crash(scene, process, kill_before_the_profile)
    assert await auth_owner.fetchval("SELECT count(*) FROM users") == 1
    assert await community_owner.fetchval("SELECT count(*) FROM members") == 0

    await _delivered(deliver, auth_owner, community_owner)
    await end(await _heals(scene, auth_owner, community_owner))


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [False, True])
async def test_killed_at_any_message_nothing_is_lost_and_the_next_login_works(
    scene: Scene,
    auth_owner: Connection,
    community_owner: Connection,
    deliver: Deliver,
    arrives: bool,
) -> None:
    process = await scene.start()
    for at in count(1):
        if not await _crash(scene, process, killing(process, at, arrives=arrives)):
            break
        await _delivered(deliver, auth_owner, community_owner)
        async with asyncio.timeout(30):
            process = await _heals(scene, auth_owner, community_owner)
        await _empty(auth_owner, community_owner)
    assert at > 6
