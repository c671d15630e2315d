"""Indexes put aside while much is written, and made again afterwards.

What was dropped stands in a table until it is made again, so whoever comes after a fill that was
killed finds it there. Each of both happens in the transaction that says so.
"""

from collections.abc import Sequence
from typing import Any

# Without those that a foreign key needs, and those by which a member's rows are found meanwhile.
_KEPT = ("completions_member_id_idx", "members_discord_id_key", "userbase_discord_id_idx")
_INDEXES = """
SELECT x.indexrelid::regclass::text AS name, x.indrelid::regclass::text AS place,
    c.conname, pg_get_constraintdef(c.oid) AS rule, pg_get_indexdef(x.indexrelid) AS definition
FROM pg_index x
LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x')
WHERE x.indrelid = ANY ($1::text[]::regclass[])
    AND x.indexrelid <> ALL (ARRAY(SELECT to_regclass(name) FROM unnest($2::text[]) AS name
        WHERE to_regclass(name) IS NOT NULL))
    AND NOT EXISTS (
        SELECT FROM pg_constraint other WHERE other.contype = 'f' AND other.conindid = x.indexrelid
    )
ORDER BY x.indexrelid
"""
_ASIDE = """
CREATE TABLE IF NOT EXISTS fill_indexes (number int GENERATED ALWAYS AS IDENTITY, definition text)
"""
_NOTE = "INSERT INTO fill_indexes (definition) VALUES ($1)"
_DROP = "DROP TABLE IF EXISTS fill_indexes"


async def put_aside(connection: Any, tables: Sequence[str]) -> None:
    """Drop the indexes of these tables, and note what ``make_all`` has to make."""
    await connection.execute(_ASIDE)
    for one in await connection.fetch(_INDEXES, list(tables), list(_KEPT)):
        if one["conname"] is None:
            await connection.execute(f"DROP INDEX {one['name']}")
        else:
            await connection.execute(
                f'ALTER TABLE {one["place"]} DROP CONSTRAINT "{one["conname"]}"'
            )
        await connection.execute(_NOTE, _definition(one))


async def are_aside(connection: Any) -> bool:
    return bool(await connection.fetchval("SELECT to_regclass('fill_indexes') IS NOT NULL"))


async def make_all(connection: Any) -> None:
    """Make what was put aside, now or by a fill that did not come to its end."""
    if not await are_aside(connection):
        return
    for one in await connection.fetch(
        "SELECT number, definition FROM fill_indexes ORDER BY number"
    ):
        async with connection.transaction():
            await connection.execute(one["definition"], timeout=None)
            await connection.execute("DELETE FROM fill_indexes WHERE number = $1", one["number"])
    await connection.execute(_DROP)


def _definition(one: Any) -> str:
    if one["conname"] is None:
        return str(one["definition"])
    return f'ALTER TABLE {one["place"]} ADD CONSTRAINT "{one["conname"]}" {one["rule"]}'
