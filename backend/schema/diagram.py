"""A Mermaid picture of the tables, made from the models."""

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import postgresql

from backend.schema.histories import AUTH, COMMUNITY

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

INTRODUCTION = """# The two databases

Drawn by `farout db diagram`; a test keeps this page equal to the models.
`PK` primary key, `FK` foreign key, `UK` unique; "null" marks columns that may be empty.
"""


def draw() -> str:
    """Return the whole page: both databases, one diagram each."""
    parts = [INTRODUCTION]
    for history in (AUTH, COMMUNITY):
        diagram = _diagram(history.metadata)
        parts.append(f"## `{history.database}`\n\n```mermaid\n{diagram}\n```\n")
    return "\n".join(parts)


def _diagram(metadata: MetaData) -> str:
    lines = ["erDiagram"]
    for table in metadata.sorted_tables:
        lines += [
            f"    {key.column.table.name} ||--{_many(key.parent)} {table.name} : {key.parent.name}"
            for key in sorted(
                table.foreign_keys, key=lambda key: (key.parent.name, key.target_fullname)
            )
        ]
    for table in metadata.sorted_tables:
        lines.append(f"    {table.name} {{")
        lines += [f"        {_column(column, table)}" for column in table.columns]
        lines.append("    }")
    return "\n".join(lines)


def _many(column: Column[object]) -> str:
    return "o|" if column.primary_key or column.unique else "o{"


def _column(column: Column[object], table: Table) -> str:
    kind = column.type.compile(dialect=_DIALECT).lower().replace(" with time zone", "tz")
    keys = [
        mark
        for mark, holds in (
            ("PK", column.primary_key),
            ("FK", bool(column.foreign_keys)),
            ("UK", bool(column.unique)),
        )
        if holds
    ]
    note = ' "null"' if column.nullable else ""
    return f"{kind} {column.name} {','.join(keys)}{note}".rstrip()
