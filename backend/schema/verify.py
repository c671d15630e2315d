"""Compare a database with the models by PostgreSQL's own words.

The models are created in a schema beside the real one, in a transaction that is rolled back; both
are then read from the catalog the same way. So whatever PostgreSQL can describe is compared,
check constraints, defaults, triggers and grants included.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from backend.schema.catalog import Item, read_catalog
from backend.schema.histories import ROLES, History, connect

_BESIDE = "farout_expected"


@dataclass(frozen=True)
class Verdict:
    """What is as the models say, what they say and is not there, and what is there beside them."""

    database: str
    right: frozenset[Item]
    missing: frozenset[Item]
    unexpected: frozenset[Item]

    @property
    def is_equal(self) -> bool:
        return not self.missing and not self.unexpected


async def verify(history: History, url: str) -> Verdict:
    """Compare one database with its models; changes nothing."""
    async with connect(url) as connection:
        expected, actual = await connection.run_sync(_read_both, history)
    return Verdict(history.database, expected & actual, expected - actual, actual - expected)


def _read_both(connection: Connection, history: History) -> tuple[frozenset[Item], frozenset[Item]]:
    transaction = connection.begin()
    try:
        actual = read_catalog(connection, "public") | _connect_grants(connection)
        connection.execute(text(f"CREATE SCHEMA {_BESIDE}"))
        connection.execute(text(f"SET LOCAL search_path = {_BESIDE}"))
        history.metadata.create_all(connection, checkfirst=False)
        expected = read_catalog(connection, _BESIDE) | {
            Item("connect", role, history.database) for role in history.connecting_roles
        }
    finally:
        transaction.rollback()
    return expected, actual


def _connect_grants(connection: Connection) -> frozenset[Item]:
    rows = connection.execute(
        text("""
            SELECT r.rolname, current_database() FROM pg_roles r
            WHERE r.rolname = ANY (:roles)
                AND has_database_privilege(r.oid, current_database(), 'CONNECT')
        """),
        {"roles": list(ROLES)},
    )
    return frozenset(Item("connect", role, database) for role, database in rows)
