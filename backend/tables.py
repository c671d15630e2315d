"""What the tables of both sides share: naming, and grants declared beside the columns."""

from typing import Any

from sqlalchemy import DDL, MetaData, Sequence, Table, event

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def metadata() -> MetaData:
    return MetaData(naming_convention=NAMING)


def grants(**by_role: str) -> dict[str, Any]:
    """Say in ``__table_args__`` which role may do what: ``grants(farout_app="SELECT, INSERT")``."""
    return {"info": {"grants": by_role}}


# For ``mapped_column(info=ENCRYPTED)``: `farout keys rotate` finds these columns by it.
ENCRYPTED: dict[str, Any] = {"encrypted": True}


def runs_after_create(table: Table, *statements: str) -> None:
    """Add triggers and functions to a table's definition, so that ``farout db verify`` knows them."""
    for statement in statements:
        event.listen(table, "after_create", _ddl(statement.replace("%", "%%")))


def runs_before_create(table: Table, *statements: str) -> None:
    """Add what a table's definition builds on, such as an extension; made twice, it stays as it is."""
    for statement in statements:
        event.listen(table, "before_create", _ddl(statement.replace("%", "%%")))


def declare_grants(tables: MetaData) -> None:
    """Make creating the tables grant what they declare; call once, after the last model."""
    for table in tables.tables.values():
        for role, privileges in table.info.get("grants", {}).items():
            event.listen(
                table, "after_create", _ddl(f"GRANT {privileges} ON {table.name} TO {role}")
            )


def grant_sequence(sequence: Sequence, **by_role: str) -> None:
    """Make creating a sequence grant what is declared, like ``grants`` for a table."""
    for role, privileges in by_role.items():
        event.listen(
            sequence,
            "after_create",
            _ddl(f"GRANT {privileges} ON SEQUENCE {sequence.name} TO {role}"),
        )


def _ddl(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]
