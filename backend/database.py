"""The one place that connects, commits and rolls back.

Most code uses ``transaction()``, a SQLAlchemy session. The few statements that every request or
every sign-in runs are compiled once to SQL text (``Statement``) and run on asyncpg directly:
measured, the ORM costs several times what the statement itself does (docs/decisions/0003).
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from backend.connections import Connections
from backend.driver_errors import (
    COLLISIONS,
    GONE,
    UNFIT,
    VANISHED,
    is_caused_by,
    is_connection_trouble,
)
from backend.errors import Unavailable
from backend.refusals import Refusals
from backend.statements import Rows, Statement

__all__ = [
    "Collision",
    "Database",
    "DatabaseUnavailable",
    "Rows",
    "Statement",
    "ValuesRefused",
]

CONNECT_SECONDS = 5
WAIT_FOR_CONNECTION_SECONDS = 2
# A statement that takes longer than this on any request path is a fault of ours.
STATEMENT_SECONDS = 10

_SERVER_SETTINGS = {
    "application_name": "farout",
    "statement_timeout": str(STATEMENT_SECONDS * 1000),
    "idle_in_transaction_session_timeout": "15000",
    "timezone": "UTC",
}

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_UNLOCK_ALL = "SELECT pg_advisory_unlock_all()"

Answer = TypeVar("Answer")


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"

    def __init__(self) -> None:
        super().__init__("The database cannot be reached at the moment. Try again shortly.")


class Collision(Unavailable):
    """A constraint, or a deadlock, met two transactions at the same moment; one may retry.

    What nobody tries again here, the client may: they find what the other one left.
    """

    code = "collision"

    def __init__(self) -> None:
        super().__init__("Somebody changed this at the very same moment. Try again.", retry_after=1)


class ValuesRefused(Exception):
    """A table cannot hold these values; trying again cannot help. The text names no value."""


class Database:
    """One database as one role; open it once a process."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self._url = url.replace("postgres://", "postgresql://", 1)
        self._connections = Connections(
            self._url,
            pool_size,
            wait_seconds=WAIT_FOR_CONNECTION_SECONDS,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings=_SERVER_SETTINGS,
        )
        self._engine = create_async_engine(
            self._url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=max(2, pool_size // 2),
            max_overflow=max(2, pool_size // 2),
            pool_timeout=WAIT_FOR_CONNECTION_SECONDS,
            pool_pre_ping=True,
            connect_args={"server_settings": _SERVER_SETTINGS, "timeout": CONNECT_SECONDS},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self.refusals = Refusals()
        event.listen(self._engine.sync_engine, "handle_error", self.refusals.note_context)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session: commit when the block ends, roll back if it raises.

        Raises Collision where what a row refers to is gone; the other constraints are the caller's.
        """
        try:
            async with self._sessions.begin() as db:
                yield db
        except (PoolTimeout, *GONE) as error:
            raise DatabaseUnavailable from error
        except DBAPIError as error:
            if is_connection_trouble(error):
                raise DatabaseUnavailable from error
            if is_caused_by(error, VANISHED):
                raise Collision from error
            raise
        finally:
            await self.refusals.report()

    async def rows_of(self, db: AsyncSession) -> Rows:
        """Return prepared statements that run in the transaction of a session, once it has begun."""
        await db.flush()
        connection = await (await db.connection()).get_raw_connection()
        return Rows(connection.driver_connection, self.refusals)

    async def row(self, statement: Statement, **values: object) -> asyncpg.Record | None:
        """Run one prepared statement by itself and return its first row; raises Collision."""
        connection = await self._take()
        try:
            with self._connections.lent(connection):
                return await Rows(connection, self.refusals).row(statement, **values)
        except COLLISIONS as error:
            raise Collision from error
        except GONE as error:
            raise DatabaseUnavailable from error
        finally:
            await self.refusals.report()

    @asynccontextmanager
    async def rows(self) -> AsyncIterator[Rows]:
        """Like ``transaction()``, for prepared statements; raises Collision, ValuesRefused."""
        connection = await self._take()
        try:
            with self._connections.lent(connection):
                async with connection.transaction():
                    yield Rows(connection, self.refusals)
        except COLLISIONS as error:
            raise Collision from error
        except UNFIT as error:
            raise ValuesRefused(f"{type(error).__name__} {error.sqlstate}") from error
        except GONE as error:
            raise DatabaseUnavailable from error
        finally:
            await self.refusals.report()

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[Rows]:
        """Be the only one under this name, in all processes, without a transaction.

        For work during which others are asked over HTTP. The server gives the lock back when the
        connection ends, however that happens; whoever waits too long gets DatabaseUnavailable.
        """
        connection = await self._take()
        try:
            with self._connections.lent(connection):
                await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", name)
                try:
                    yield Rows(connection, self.refusals)
                finally:
                    await connection.execute(
                        "SELECT pg_advisory_unlock(hashtextextended($1, 0))", name
                    )
        except GONE as error:
            raise DatabaseUnavailable from error

    async def _take(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await self._connect(self._connections.take())

    async def _connect(self, connecting: Awaitable[Answer]) -> Answer:
        """Await what a server may refuse before any statement of ours."""
        try:
            return await connecting
        except (asyncpg.PostgresError, *GONE) as error:
            raise DatabaseUnavailable from error

    @asynccontextmanager
    async def try_lock(self, name: str) -> AsyncIterator[bool]:
        """Yield whether this process alone has the named lock for the block; it does not wait.

        The lock belongs to a connection and not to a transaction, so nothing is held open, and a
        process that dies gives it back.
        """
        # Not from the pool: it may be held for long, while others wait for their turn there.
        connection = await self._connect(self._connections.open())
        try:
            taken = await self._connect(connection.fetchval(_TRY_LOCK, name))
            yield bool(taken)
        finally:
            try:
                # Where the connection is gone, so is the lock.
                with suppress(*GONE):
                    await connection.execute(_UNLOCK_ALL)
                    await connection.close(timeout=CONNECT_SECONDS)
            finally:
                connection.terminate()

    async def revision(self) -> str | None:
        """Return the migration that this database is at, None before the first."""
        async with self.transaction() as db:
            known = await db.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            if not known:
                return None
            found: str | None = await db.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    async def close(self) -> None:
        await self._engine.dispose()
        await self._connections.close()
