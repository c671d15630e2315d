"""The connections behind the prepared statements: bounded, and whole again after every accident."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from backend.connections import Connections
from backend.database import Database, DatabaseUnavailable, Statement
from tests.fixtures.databases import Connection, Server

ONE = Statement(select(1))


@pytest.fixture
async def connections(migrated: Server) -> AsyncIterator[Connections]:
    """Yield room for one connection."""
    one = Connections(migrated.url("farout_app", "farout"), 1, wait_seconds=0.1)
    yield one
    await one.close()


async def test_keeps_a_connection_for_the_next_statement(connections: Connections) -> None:
    first = await connections.take()
    with connections.lent(first):
        pass
    second = await connections.take()
    with connections.lent(second):
        assert second is first


async def test_who_waits_too_long_is_told_so(connections: Connections) -> None:
    with connections.lent(await connections.take()), pytest.raises(TimeoutError):
        await connections.take()

    with connections.lent(await connections.take()):
        pass


async def test_a_cancelled_statement_leaves_no_broken_connection(connections: Connections) -> None:
    async def sleep() -> None:
        connection = await connections.take()
        with connections.lent(connection):
            started.set()
            await connection.execute("SELECT pg_sleep(30)")

    started = asyncio.Event()
    task = asyncio.create_task(sleep())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    connection = await connections.take()
    with connections.lent(connection):
        assert await connection.fetchval("SELECT 7") == 7


async def test_connections_that_the_server_ended_are_replaced(
    migrated: Server, community_owner: Connection
) -> None:
    connections = Connections(migrated.url("farout_app", "farout"), 3, wait_seconds=5)
    opened = [await connections.take() for _ in range(3)]
    ended = [asyncio.Event() for _ in opened]
    for connection, event in zip(opened, ended, strict=True):
        connection.add_termination_listener(lambda _, event=event: event.set())
        with connections.lent(connection):
            pass

    await community_owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'farout_app' AND pid = ANY ($1)",
        [connection.get_server_pid() for connection in opened],
    )
    await asyncio.gather(*(event.wait() for event in ended))

    connection = await connections.take()
    with connections.lent(connection):
        assert connection not in opened
        assert await connection.fetchval("SELECT 7") == 7
    await connections.close()


async def test_a_server_that_is_away_is_said_to_be_unavailable() -> None:
    database = Database("postgresql://farout_app:x@127.0.0.1:1/farout")

    with pytest.raises(DatabaseUnavailable):
        await database.row(ONE)
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction() as db:
            await db.execute(select(1))
    await database.close()
