"""What the peer benchmark runs before it starts Farout: roles, schemas, migrations.

The benchmark gives each system one database and counts the statements sent to that one. So here
alone Farout's two databases are two schemas of one: the auth side's tables in ``public``, the
community's in ``community``, which is all that the community's role sees. Roles, grants,
connections and statements are those of production.
"""

import asyncio
import os
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from backend.schema.histories import AUTH, COMMUNITY

AUTH_ROLE, COMMUNITY_ROLE, SYNC_ROLE = "farout_auth_service", "farout_app", "farout_sync"
PASSWORD = "bench-loopback"
_SCHEMA = "community"


def url_as(role: str, url: str) -> str:
    """Return the database's address for another role."""
    parts = urlsplit(url)
    host = f"{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=f"{role}:{PASSWORD}@{host}"))


async def set_up(url: str) -> None:
    """Make everything in a fresh, empty database, as its owner."""
    owner = await asyncpg.connect(url)
    try:
        for role in (AUTH_ROLE, COMMUNITY_ROLE, SYNC_ROLE):
            await _make_role(owner, role)
        await AUTH.upgrade(url)
        await owner.execute(f"CREATE SCHEMA {_SCHEMA}")
        await owner.execute(f"GRANT USAGE ON SCHEMA {_SCHEMA} TO {COMMUNITY_ROLE}, {SYNC_ROLE}")
        for role in (COMMUNITY_ROLE, SYNC_ROLE):
            await _set_search_path(owner, role, _SCHEMA)
        me: str = await owner.fetchval("SELECT current_user::text")
        await _set_search_path(owner, me, _SCHEMA)
        await COMMUNITY.upgrade(url)
        await _set_search_path(owner, me, "public")
    finally:
        await owner.close()


async def _make_role(owner: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
    """Roles belong to the whole cluster: an earlier round may have made them."""
    if not await owner.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await owner.execute(f"CREATE ROLE {role} LOGIN NOINHERIT PASSWORD '{PASSWORD}'")


async def _set_search_path(
    owner: "asyncpg.Connection[asyncpg.Record]", role: str, schema: str
) -> None:
    database: str = await owner.fetchval("SELECT current_database()")
    await owner.execute(f'ALTER ROLE {role} IN DATABASE "{database}" SET search_path = {schema}')


if __name__ == "__main__":
    asyncio.run(set_up(os.environ["DATABASE_URL"]))
