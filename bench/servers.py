"""Everything a run needs, on loopback, and stopped again whatever happens."""

import asyncio
import base64
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from backend.devtools.postgres import OWNER, Cluster, Passwords
from backend.schema.histories import AUTH, COMMUNITY
from bench.discord import CLIENT_ID, CLIENT_SECRET
from bench.meters import parent_of

ROOT = Path(__file__).parents[1]
_STARTING_SECONDS = 30
_STOPPING_SECONDS = 10
_UVICORN = ("--no-access-log", "--no-proxy-headers", "--no-server-header", "--log-level", "warning")


class StartFailed(Exception):
    """A server ended before it answered; the text has the end of its log."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"{log.stem} ended at once:\n{log.read_text()[-2000:]}")


@dataclass(frozen=True)
class Server:
    """A server under test: where it is, and the process whose tree is metered."""

    base: str
    pid: int


@dataclass(frozen=True)
class Lab:
    """What is running."""

    farout: Server
    bare: Server
    discord: str
    postgres_pid: int
    # The owner's connections, which look past every grant.
    auth: "asyncpg.Connection[asyncpg.Record]"
    community: "asyncpg.Connection[asyncpg.Record]"
    # For processes that a phase starts by itself.
    home: Path
    environment: dict[str, str]


@asynccontextmanager
async def running_lab() -> AsyncIterator[Lab]:
    """PostgreSQL with both databases migrated, the stand-in, Farout, and the bare app."""
    home = Path(tempfile.mkdtemp(prefix="farout-bench-"))
    async with AsyncExitStack() as opened:
        opened.callback(shutil.rmtree, home, ignore_errors=True)
        cluster = Cluster(home / "postgres", Passwords(), durable=True)
        opened.callback(cluster.destroy)
        cluster.start()
        await AUTH.upgrade(cluster.url(OWNER, "farout_auth"))
        await COMMUNITY.upgrade(cluster.url(OWNER, "farout"))
        auth = await asyncpg.connect(cluster.url(OWNER, "farout_auth"))
        opened.push_async_callback(auth.close)
        community = await asyncpg.connect(cluster.url(OWNER, "farout"))
        opened.push_async_callback(community.close)
        await auth.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

        discord = await _start(opened, home, "discord", ["-m", "bench.discord", "{port}"], {})
        environment = _environment(cluster, discord.base)
        farout = await _start(
            opened, home, "farout", ["-m", "backend", "serve", "--port", "{port}"], environment
        )
        bare = await _start(
            opened,
            home,
            "bare",
            ["-m", "uvicorn", "bench.bare:app", "--port", "{port}", *_UVICORN],
            environment,
        )
        backend: int = await auth.fetchval("SELECT pg_backend_pid()")
        environment |= {"PUBLIC_URL": farout.base}
        yield Lab(
            farout, bare, discord.base, parent_of(backend), auth, community, home, environment
        )


def _environment(cluster: Cluster, discord: str) -> dict[str, str]:
    """Farout's settings; ``development`` only because production refuses a stand-in."""
    return {
        "ENVIRONMENT": "development",
        "RATE_LIMITS": "false",
        "PUBLIC_URL": "{base}",
        "AUTH_DATABASE_URL": cluster.url("farout_auth_service", "farout_auth"),
        "DATABASE_URL": cluster.url("farout_app", "farout"),
        "SYNC_DATABASE_URL": cluster.url("farout_sync", "farout"),
        "DISCORD_CLIENT_ID": CLIENT_ID,
        "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
        "DISCORD_AUTHORIZE_URL": f"{discord}/oauth2/authorize",
        "DISCORD_API_BASE_URL": f"{discord}/api/v10",
        "DISCORD_CDN_BASE_URL": f"{discord}/cdn",
        "ENCRYPTION_KEYS": "bench:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    }


async def _start(
    opened: AsyncExitStack,
    home: Path,
    name: str,
    arguments: list[str],
    environment: dict[str, str],
) -> Server:
    """Start a Python child on a free port, away from any .env, and wait until it listens."""
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    log = home / f"{name}.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *(argument.replace("{port}", str(port)) for argument in arguments),
            cwd=home,
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": str(ROOT),
                **{key: value.replace("{base}", base) for key, value in environment.items()},
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C reaches this process alone, which then stops the others in order.
            start_new_session=True,
        )
    opened.push_async_callback(_stop, child)
    await _listening(child, port, log)
    return Server(base, child.pid)


async def _listening(child: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(_STARTING_SECONDS):
        while True:
            if child.returncode is not None:
                raise StartFailed(log)
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _stop(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        async with asyncio.timeout(_STOPPING_SECONDS):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
