"""Which rows of a side's tables are somebody's own, and what of them they may read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Column, ColumnElement, LargeBinary, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

Person = TypeVar("Person")


@dataclass(frozen=True)
class Held(Generic[Person]):
    """A table with rows about people, each known by ``Person`` as the side knows them.

    ``shown`` says what somebody sees in place of a column that is partly about others.
    """

    model: type[DeclarativeBase]
    theirs: Callable[[Person], ColumnElement[bool]]
    hidden: frozenset[str] = frozenset()
    shown: Mapping[str, Callable[[Person], ColumnElement[Any]]] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        return self.model.__table__  # type: ignore[return-value]

    def columns(self) -> list[Column[Any]]:
        """Return what may be read; columns of bytes are secrets or hashes."""
        return [
            column
            for column in self.table.columns
            if column.name not in self.hidden and not isinstance(column.type, LargeBinary)
        ]


async def list_own_rows(
    db: AsyncSession, held: Iterable[Held[Person]], person: Person
) -> dict[str, list[dict[str, Any]]]:
    """Return somebody's rows by table, as JSON can hold them: 64-bit numbers are strings."""
    # SQLAlchemy's names are strings of a kind that a JSON writer does not take for one.
    return {str(one.table.name): await _rows(db, one, person) for one in held}


async def _rows(db: AsyncSession, held: Held[Person], person: Person) -> list[dict[str, Any]]:
    columns = held.columns()
    shown = [
        held.shown[one.name](person).label(one.name) if one.name in held.shown else one
        for one in columns
    ]
    found = select(*shown).where(held.theirs(person)).order_by(*held.table.primary_key.columns)
    return [_document(columns, row) for row in await db.execute(found)]


def _document(columns: Iterable[Column[Any]], row: Iterable[Any]) -> dict[str, Any]:
    return {
        str(column.name): _plain(value, is_long=isinstance(column.type, BigInteger))
        for column, value in zip(columns, row, strict=True)
    }


def _plain(value: Any, *, is_long: bool) -> Any:
    if is_long and value is not None:
        return str(value)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
