"""The one place that connects, commits and rolls back.

Most code uses ``transaction()``, a SQLAlchemy session. The few statements that every request or
every sign-in runs are compiled once to SQL text (``Statement``) and run on asyncpg directly:
measured, the ORM costs several times what the statement itself does (docs/decisions/0003).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Executable, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from backend.connections import Connections
from backend.errors import Unavailable

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
_GONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
)

# What a server says when it does not let us in at all.
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
_COLLISIONS = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"

    def __init__(self) -> None:
        super().__init__("The database cannot be reached at the moment. Try again shortly.")


class Collision(Exception):
    """A unique constraint, or a deadlock, met two transactions at the same moment; one may retry."""


class Statement:
    """A SQLAlchemy Core statement compiled once, for ``Database.row`` and ``Rows.row``."""

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call,attr-defined]
        self.text = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def arguments(self, values: dict[str, object]) -> list[object]:
        """Return the values in the order of the SQL text; raises KeyError for one not given."""
        return [values[name] if name in values else self._fixed[name] for name in self._names]


class Rows:
    """One asyncpg connection inside a transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def row(self, statement: Statement, **values: object) -> asyncpg.Record | None:
        arguments = statement.arguments(values)
        found: asyncpg.Record | None = await self._connection.fetchrow(statement.text, *arguments)
        return found


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

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session: commit when the block ends, roll back if it raises."""
        try:
            async with self._sessions.begin() as db:
                yield db
        except (PoolTimeout, OSError) as error:
            raise DatabaseUnavailable from error
        except DBAPIError as error:
            if is_connection_trouble(error):
                raise DatabaseUnavailable from error
            raise

    async def row(self, statement: Statement, **values: object) -> asyncpg.Record | None:
        """Run one prepared statement by itself and return its first row."""
        arguments = statement.arguments(values)
        connection = await self._take()
        try:
            with self._connections.lent(connection):
                return await connection.fetchrow(statement.text, *arguments)
        except _GONE as error:
            raise DatabaseUnavailable from error

    @asynccontextmanager
    async def rows(self) -> AsyncIterator[Rows]:
        """Like ``transaction()``, for prepared statements; raises Collision."""
        connection = await self._take()
        try:
            with self._connections.lent(connection):
                async with connection.transaction():
                    yield Rows(connection)
        except _COLLISIONS as error:
            raise Collision from error
        except _GONE as error:
            raise DatabaseUnavailable from error

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
                    yield Rows(connection)
                finally:
                    await connection.execute(
                        "SELECT pg_advisory_unlock(hashtextextended($1, 0))", name
                    )
        except _GONE as error:
            raise DatabaseUnavailable from error

    async def _take(self) -> "asyncpg.Connection[asyncpg.Record]":
        try:
            return await self._connections.take()
        except (asyncpg.PostgresError, *_GONE) as error:
            raise DatabaseUnavailable from error

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


def is_connection_trouble(error: DBAPIError) -> bool:
    """Whether a SQLAlchemy error means that the server is away rather than that we asked wrongly."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    trouble = _GONE if error.statement else (*_GONE, *_REFUSED)
    cause: BaseException | None = error.orig
    while cause is not None:
        if isinstance(cause, trouble):
            return True
        cause = cause.__cause__
    return False
