"""Indexes put aside while much is written, and made again afterwards, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Without those that a foreign key needs.
_INDEXES = """
SELECT x.indexrelid::regclass::text AS name, x.indrelid::regclass::text AS place,
    c.conname, pg_get_constraintdef(c.oid) AS rule, pg_get_indexdef(x.indexrelid) AS definition
FROM pg_index x
LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x')
WHERE x.indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (
    SELECT FROM pg_constraint other WHERE other.contype = 'f' AND other.conindid = x.indexrelid
)
ORDER BY x.indexrelid
"""


@dataclass
class Indexes:
    """What was dropped and is still to be made, by the index's name."""

    connection: Any
    definitions: dict[str, str]

    @classmethod
    async def put_aside(cls, connection: Any, tables: Sequence[str]) -> "Indexes":
        """Drop the indexes of these tables. The transaction must make them again."""
        found = await connection.fetch(_INDEXES, list(tables))
        for one in found:
            if one["conname"] is None:
                await connection.execute(f"DROP INDEX {one['name']}")
            else:
                await connection.execute(
                    f'ALTER TABLE {one["place"]} DROP CONSTRAINT "{one["conname"]}"'
                )
        return cls(connection, {one["name"]: _definition(one) for one in found})

    async def make(self, name: str) -> None:
        """Make one that is needed before the others, if it was dropped."""
        definition = self.definitions.pop(name, None)
        if definition is not None:
            await self.connection.execute(definition, timeout=None)

    async def make_all(self) -> None:
        for name in list(self.definitions):
            await self.make(name)


def _definition(one: Any) -> str:
    if one["conname"] is None:
        return str(one["definition"])
    return f'ALTER TABLE {one["place"]} ADD CONSTRAINT "{one["conname"]}" {one["rule"]}'
