"""Several processes of Farout: what one ends is refused by all of them within a second."""

import asyncio
import itertools
import logging
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bridge.processes import Caller, environment, make_sessions, running, token_digest
from tests.fixtures.databases import Connection, Server
from tests.fixtures.servers import ROOT, FaroutProcess, WatchedWire
from tests.fixtures.two_services import NEW_KEY

log = logging.getLogger(__name__)

REVOKE = "UPDATE sessions SET revoked_at = now(), revoked_reason = 'test' WHERE token_hash = $1"


async def _refused_after(caller: Caller, token: str) -> float:
    """Ask until refused; returns when the last good answer came."""
    last_good = 0.0
    while await caller.status(token) == 200:
        last_good = time.monotonic()
    return last_good


async def test_workers_of_one_command_all_forget(
    migrated: Server, empty_databases: None, auth_owner: Connection
) -> None:
    [token] = await make_sessions(auth_owner, 1)
    async with running(environment(migrated), "--workers", "2") as process:
        # Connections are spread over the workers by the kernel.
        callers = [Caller(process) for _ in range(12)]
        for _ in range(5):
            answers = await asyncio.gather(*(caller.status(token) for caller in callers))
            assert set(answers) == {200}

        await auth_owner.execute(REVOKE, token_digest(token))
        committed = time.monotonic()
        last = await asyncio.gather(*(_refused_after(caller, token) for caller in callers))

        assert max(last) - committed < 1
        for caller in callers:
            caller.close()


async def test_a_listening_connection_that_falls_silent_leaves_no_stale_answer(
    migrated: Server, empty_databases: None, auth_owner: Connection
) -> None:
    [token] = await make_sessions(auth_owner, 1)
    wire = WatchedWire(migrated.host, migrated.port)
    await wire.open()
    listening = wire.gate(b"farout listens")
    through = Server(migrated.host, wire.port, migrated.owner, migrated.owner_password)
    async with running(environment(through)) as process:
        caller = Caller(process)
        assert await caller.status(token) == 200
        # A heartbeat after the answer, so that it is remembered and believed.
        await asyncio.sleep(0.3)
        assert await caller.status(token) == 200
        listening.clear()

        await auth_owner.execute(REVOKE, token_digest(token))
        committed = time.monotonic()
        last = await _refused_after(caller, token)

        assert last - committed < 1
        listening.set()
        caller.close()
    await wire.close()


async def test_a_community_by_itself_is_told_by_the_auth_service(
    migrated: Server, empty_databases: None, auth_owner: Connection
) -> None:
    first, second = await make_sessions(auth_owner, 2)
    of_auth = environment(migrated, AUTH_SERVICE_API_KEY=NEW_KEY)
    async with running(of_auth, "--side", "auth", "--workers", "2") as auth:
        address = f"http://127.0.0.1:{auth.port}"
        of_community = environment(migrated, AUTH_SERVICE_API_KEY=NEW_KEY, AUTH_SERVICE_URL=address)
        del of_community["AUTH_DATABASE_URL"], of_community["ENCRYPTION_KEYS"]
        async with running(of_community, "--side", "community") as community:
            caller = Caller(community, "/api/members")
            assert await caller.status(first) == 200
            await auth_owner.execute(REVOKE, token_digest(first))
            committed = time.monotonic()
            assert await _refused_after(caller, first) - committed < 1
            assert await caller.status(second) == 200

            # Both end when they are told to, although a stream between them is open.
            since = time.monotonic()
            await auth.stop()
            assert time.monotonic() - since < 5
            assert await caller.status(second) in (200, 503)
            caller.close()


@pytest.mark.parametrize(
    ("options", "settings", "lines"),
    [
        (["--side", "auth"], {}, ["AUTH_SERVICE_API_KEY is not set"]),
        (
            ["--side", "community"],
            {},
            ["AUTH_SERVICE_API_KEY is not set", "AUTH_SERVICE_URL is not set"],
        ),
        (
            ["--side", "community"],
            {"AUTH_SERVICE_URL": "http://auth:8000"},
            ["AUTH_SERVICE_API_KEY is not set"],
        ),
        (
            [],
            {"AUTH_SERVICE_URL": "http://auth:8000", "AUTH_SERVICE_API_KEY": NEW_KEY},
            ["AUTH_SERVICE_URL is set, so there are two services"],
        ),
        (["--side", "auth"], {"AUTH_SERVICE_API_KEY": "short"}, ["AUTH_SERVICE_API_KEY must be"]),
    ],
)
def test_settings_that_make_no_pair_of_services_are_named(
    tmp_path: Path, options: list[str], settings: dict[str, str], lines: list[str]
) -> None:
    nowhere = Server("127.0.0.1", 1, "farout", "x")
    run = subprocess.run(
        [sys.executable, "-m", "backend", "serve", *options],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environment(nowhere, **settings)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.returncode == 78
    found = run.stderr.splitlines()
    assert len(found) == len(lines)
    assert all(line.startswith(start) for line, start in zip(sorted(found), lines, strict=True))


async def _load(process: FaroutProcess, tokens: list[str], enough: asyncio.Event) -> int:
    """Ask for sessions that live, by chance, until it is enough; returns how many were refused."""
    caller = Caller(process)
    refused = 0
    while not enough.is_set():
        refused += await caller.status(random.choice(tokens)) != 200  # noqa: S311
    caller.close()
    return refused


async def _revoke(
    database: Connection, busy: asyncio.Lock, probes: list[Caller], token: str
) -> float:
    """End one session; returns the seconds from the commit to the last good answer anywhere."""
    answers = await asyncio.gather(*(probe.status(token) for probe in probes))
    assert set(answers) == {200}
    probing = [asyncio.create_task(_refused_after(probe, token)) for probe in probes]
    async with busy:
        await database.execute(REVOKE, token_digest(token))
        committed = time.monotonic()
    return max(await asyncio.gather(*probing)) - committed


@pytest.mark.slow
async def test_a_thousand_revocations_are_each_felt_everywhere_within_a_second(
    migrated: Server, empty_databases: None, auth_owner: Connection
) -> None:
    tokens = await make_sessions(auth_owner, 1_200)
    ending, living = tokens[:1_000], tokens[1_000:]
    settings = environment(migrated)
    async with running(settings) as one, running(settings) as two, running(settings) as three:
        processes = (one, two, three)
        enough = asyncio.Event()
        load = [
            asyncio.create_task(_load(process, living, enough))
            for process in processes
            for _ in range(2)
        ]
        queue, busy = iter(ending), asyncio.Lock()
        lags: list[float] = []

        async def work() -> None:
            probes = [Caller(process) for process in processes]
            for token in queue:
                lags.append(await _revoke(auth_owner, busy, probes, token))
            for probe in probes:
                probe.close()

        await asyncio.gather(*(work() for _ in range(6)))
        enough.set()
        assert await asyncio.gather(*load) == [0] * len(load)
        lags.sort()
        log.info("last good answer after the commit: p50 %.3f s, p99 %.3f s", lags[500], lags[990])
        assert len(lags) == 1_000
        assert lags[990] < 1
        # Nobody is let in again, wherever they ask.
        for process, token in itertools.product(processes, ending[::50]):
            caller = Caller(process)
            assert await caller.status(token) == 401
            caller.close()
