"""Looks at everything that a database holds."""

from tests.fixtures.databases import Connection

TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


async def occurrences(owner: Connection, secret: str) -> list[str]:
    """Return the tables in which a secret stands, as text or as bytes."""
    spellings = (secret, secret.encode().hex())
    found = []
    for (table,) in await owner.fetch(TABLES):
        rows = [row[0] for row in await owner.fetch(f"SELECT t::text FROM {table} AS t")]
        if any(spelling in row for row in rows for spelling in spellings):
            found.append(table)
    return found


async def fingerprint(owner: Connection) -> str:
    """Return what changes with any value of any row, but for what seals the audit log each minute."""
    each = [
        f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} AS t)"
        for (table,) in await owner.fetch(TABLES)
        if not table.endswith((".audit_links", ".audit_seals"))
    ]
    found: str = await owner.fetchval(f"SELECT concat_ws(',', {', '.join(each)})")
    return found
