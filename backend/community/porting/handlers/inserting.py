"""Many rows in one statement, so that the triggers of the record run once for all of them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Insert, Text, bindparam, cast, column, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Base


async def insert_rows(
    db: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the same columns."""
    if rows:
        await db.execute(_inserting(model, tuple(rows[0])), {"rows": document(rows)})


def document(rows: Sequence[Mapping[str, Any]]) -> str:
    # The driver has its own kind of UUID.
    return orjson.dumps(list(rows), default=str).decode()


@cache
def _inserting(model: type[Base], names: tuple[str, ...]) -> Insert:
    columns = [column(name, model.__table__.c[name].type) for name in names]
    source = func.jsonb_to_recordset(cast(bindparam("rows", type_=Text), JSONB))
    rows = source.table_valued(*columns, name="given").render_derived(with_types=True)
    table = Base.metadata.tables[model.__tablename__]
    return insert(table).from_select(names, select(*(rows.c[name] for name in names)))
