"""How a history runs: one starter at a time, and no migration that waits long for a table."""

import asyncio
from collections.abc import Callable

from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# The same number in both databases: an advisory lock belongs to the database it is taken in.
MIGRATION_LOCK = 0xFA2007
WAIT_FOR_OTHERS = "5min"
WAIT_FOR_TABLE = "5s"


def run(metadata: MetaData, url: Callable[[], str]) -> None:
    """Run on the connection that the caller gave, else on one of our own to ``url()``."""
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        migrate(given, metadata)
    else:
        asyncio.run(_connect_and_migrate(metadata, url()))


async def _connect_and_migrate(metadata: MetaData, url: str) -> None:
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(migrate, metadata)
    await engine.dispose()


def migrate(connection: Connection, metadata: MetaData) -> None:
    """Take the lock, then do what the alembic command asked for."""
    with connection.begin():
        connection.execute(text(f"SET lock_timeout = '{WAIT_FOR_OTHERS}'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text(f"SET lock_timeout = '{WAIT_FOR_TABLE}'"))
    try:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        # A failed migration leaves its transaction open, in which nothing more can be said.
        connection.rollback()
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
