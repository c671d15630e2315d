"""Statements that are compiled once and run on asyncpg directly (docs/decisions/0003)."""

from typing import Any

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from backend.refusals import Refusals


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

    def __init__(self, connection: Any, refusals: Refusals) -> None:
        self._connection = connection
        self._refusals = refusals

    async def row(self, statement: Statement, **values: object) -> asyncpg.Record | None:
        arguments = statement.arguments(values)
        try:
            found: asyncpg.Record | None = await self._connection.fetchrow(
                statement.text, *arguments
            )
        except asyncpg.PostgresError as error:
            self._refusals.note(statement.text, error)
            raise
        return found
