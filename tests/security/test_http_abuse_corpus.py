"""Every case of http_abuse.json, byte for byte, at a process that serves as production does."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from tests.fixtures.application import KEY
from tests.fixtures.databases import Server
from tests.fixtures.servers import FaroutProcess, free_port
from tests.security.corpora import Case, by_id, cases

RAW = [case for case in cases("http_abuse") if "script" not in case]
GOOD = "GET /auth/session HTTP/1.1\r\nHost: app.example.test\r\n"
# The corpus' addresses and ours.
ROUTES = {
    "/api/v1/me": "/auth/session",
    "/API/V1/ME": "/AUTH/SESSION",
    "/api/v1/echo": "/auth/login",
}
PATIENCE_SECONDS = 10
CLOSED = 400


@pytest.fixture(scope="module")
async def served(migrated: Server) -> AsyncIterator[FaroutProcess]:
    process = FaroutProcess(
        {
            "AUTH_DATABASE_URL": migrated.url("farout_auth_service", "farout_auth"),
            "DATABASE_URL": migrated.url("farout_app", "farout"),
            "SYNC_DATABASE_URL": migrated.url("farout_sync", "farout"),
            "PUBLIC_URL": "http://app.example.test",
            "DISCORD_CLIENT_ID": "1",
            "DISCORD_CLIENT_SECRET": "x",
            "ENCRYPTION_KEYS": KEY,
        },
        free_port(),
    )
    await process.start()
    yield process
    await process.stop()


def bytes_of(case: Case) -> bytes:
    """Return what is sent; the corpus says how to make what is too long to print."""
    text = case["raw"]
    if text is None:
        text = MADE[case["id"]]
    for theirs, ours in ROUTES.items():
        text = text.replace(theirs, ours)
    return str(text).encode("latin-1")


MADE = {
    "ht-hdr-100k": f"{GOOD}X: {'a' * 100_000}\r\n\r\n",
    "ht-hdr-10k-names": GOOD + "".join(f"X{n}: a\r\n" for n in range(10_000)) + "\r\n",
    "ht-uri-100k": f"GET /{'a' * 100_000} HTTP/1.1\r\nHost: app.example.test\r\n\r\n",
}


async def send(port: int, sent: bytes) -> int:
    """Return the status of the answer, 400 for a connection that was closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(sent)
            line = await reader.readline()
    except ConnectionError:
        return CLOSED
    finally:
        writer.close()
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", line)
    return int(found[1]) if found else CLOSED


@pytest.mark.parametrize("case", by_id(RAW))
async def test_raw(case: Case, served: FaroutProcess) -> None:
    status = await send(served.port, bytes_of(case))
    assert status in case["expect"], status


def reader_of(process: FaroutProcess) -> Any:
    return asyncio.open_connection("127.0.0.1", process.port)


async def seconds_until_closed(reader: asyncio.StreamReader, *, at_most: float) -> float:
    """Read until the server hangs up; TimeoutError if it does not in time."""
    started = time.monotonic()
    async with asyncio.timeout(at_most):
        with suppress(ConnectionError):
            while await reader.read(65_536):
                pass
    return time.monotonic() - started


async def no_byte_sent(process: FaroutProcess) -> None:
    reader, writer = await reader_of(process)
    await seconds_until_closed(reader, at_most=10)
    writer.close()


async def half_a_header_a_byte_at_a_time(process: FaroutProcess) -> None:
    reader, writer = await reader_of(process)

    async def drip() -> None:
        with suppress(ConnectionError):
            for byte in GOOD.encode():
                writer.write(bytes([byte]))
                await asyncio.sleep(2)

    dripping = asyncio.create_task(drip())
    await seconds_until_closed(reader, at_most=15)
    dripping.cancel()
    writer.close()


async def a_body_that_never_comes(process: FaroutProcess) -> None:
    reader, writer = await reader_of(process)
    head = "POST /auth/login HTTP/1.1\r\nHost: app.example.test\r\nContent-Length: 10\r\n"
    writer.write(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
    await seconds_until_closed(reader, at_most=15)
    writer.close()


async def an_answer_that_nobody_reads(process: FaroutProcess) -> None:
    """Requests without end whose answers pile up: what we hold stays small, and we hang up."""
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", process.port))
        before = process.memory()
        asked = b"GET /openapi.json HTTP/1.1\r\nHost: app.example.test\r\n\r\n" * 100
        with suppress(ConnectionError):
            async with asyncio.timeout(60):
                while True:
                    await loop.sock_sendall(deaf, asked)
        assert process.memory() - before < 64 * 1024 * 1024


async def keep_alive_and_silence(process: FaroutProcess) -> None:
    reader, writer = await reader_of(process)
    writer.write(f"{GOOD}\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    await seconds_until_closed(reader, at_most=8)
    writer.close()


async def idle_connections_beside_honest_clients(process: FaroutProcess) -> None:
    idle = [await reader_of(process) for _ in range(IDLE)]

    async def honest() -> float:
        started = time.monotonic()
        assert await send(process.port, f"{GOOD}\r\n".encode()) == 401
        return time.monotonic() - started

    taken = sorted([await honest() for _ in range(100)])
    assert taken[98] < 1
    await asyncio.gather(*(seconds_until_closed(one, at_most=30) for one, _ in idle))
    for _, writer in idle:
        writer.close()


IDLE = 400
SLOW = {
    "ht-slow-0": no_byte_sent,
    "ht-slow-1": half_a_header_a_byte_at_a_time,
    "ht-slow-2": a_body_that_never_comes,
    "ht-slow-4": an_answer_that_nobody_reads,
    "ht-slow-5": keep_alive_and_silence,
    "ht-slow-6": idle_connections_beside_honest_clients,
}


async def test_whoever_keeps_us_waiting_is_hung_up_on(served: FaroutProcess) -> None:
    """All at the same moment, so that they wait together."""
    playing = (play for name, play in SLOW.items() if name != "ht-slow-4")
    await asyncio.gather(*(play(served) for play in playing))


@pytest.mark.slow
async def test_an_answer_that_nobody_reads_costs_little(served: FaroutProcess) -> None:
    await an_answer_that_nobody_reads(served)


async def test_a_slow_reader_gets_the_whole_answer(served: FaroutProcess) -> None:
    reader, writer = await reader_of(served)
    writer.write(
        b"GET /openapi.json HTTP/1.1\r\nHost: app.example.test\r\nConnection: close\r\n\r\n"
    )
    whole = b""
    while part := await reader.read(8192):
        whole += part
        await asyncio.sleep(0)
    assert whole.rstrip().endswith((b"}", b"0"))
    writer.close()


def test_every_case_is_judged() -> None:
    assert {case["id"] for case in cases("http_abuse")} == SLOW.keys() | {one["id"] for one in RAW}
    assert {case["id"] for case in RAW if case["raw"] is None} == MADE.keys()
