"""Prove by trying who may write which field of the mirror.

The grants are compared elsewhere; this asks PostgreSQL itself, as each role, and so sees also what no
list of grants shows, such as one role being a member of the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    Delete,
    Insert,
    Update,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from backend.community.models import Base
from backend.community.models.mirrored_user import MIRRORED, OWN
from backend.errors import Unavailable
from backend.schema.histories import connect

_USERBASE = Base.metadata.tables["userbase"]
# Ids that no user has: a probe meets nobody's row.
_PROBE = -(2**63)
_REFUSED = "42501"
APP, SYNC = "farout_app", "farout_sync"


class CannotTry(Unavailable):
    code = "role_not_to_be_tried"

    def __init__(self, role: str) -> None:
        super().__init__(
            f"farout db verify cannot act as {role}. Let the owner do it, as a superuser:"
            f" GRANT {role} TO the owner WITH INHERIT FALSE, SET TRUE."
        )


@dataclass(frozen=True)
class Trial:
    """One statement as one role: what should have happened and what did."""

    role: str
    statement: str
    expected: str
    found: str

    @property
    def is_right(self) -> bool:
        return self.found == self.expected


async def try_ownership(url: str) -> Sequence[Trial]:
    """Try every field as both roles, on a row that never becomes visible to anybody."""
    async with connect(url) as connection:
        return await connection.run_sync(_try_all)


def _try_all(connection: Connection) -> list[Trial]:
    transaction = connection.begin()
    try:
        if not _is_whole(connection):
            return []
        connection.execute(_probe(_PROBE))
        return [_try(connection, *one) for one in _statements()]
    finally:
        transaction.rollback()


def _is_whole(connection: Connection) -> bool:
    """Whether all columns are there; if not, the comparison with the models says which."""
    inspector = inspect(connection)
    if not inspector.has_table(_USERBASE.name):
        return False
    present = {column["name"] for column in inspector.get_columns(_USERBASE.name)}
    return present >= set(_USERBASE.columns.keys())


def _statements() -> Iterator[tuple[str, str, Update | Insert | Delete, bool]]:
    here = _USERBASE.c.user_id == _PROBE
    for role, owned in ((APP, OWN), (SYNC, MIRRORED)):
        for column in _USERBASE.columns:
            change = update(_USERBASE).where(here).values({column: column})
            yield role, f"UPDATE {column.name}", change, column.name in owned
        yield role, "INSERT", _probe(_PROBE + 1), role == SYNC
        yield role, "DELETE", delete(_USERBASE).where(here), False


def _probe(user_id: int) -> Insert:
    """Return an INSERT that names mirrored columns alone."""
    return insert(_USERBASE).values(
        user_id=user_id,
        uid=func.uuidv7(),
        username="probe",
        role="member",
        is_active=False,
        version=0,
    )


def _try(
    connection: Connection, role: str, name: str, statement: Update | Insert | Delete, may: bool
) -> Trial:
    savepoint = connection.begin_nested()
    try:
        _become(connection, role)
        count = connection.execute(statement).rowcount
        found = "allowed" if count == 1 else "no row"
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        found = "refused" if state == _REFUSED else f"error {state}"
    finally:
        # Undoes the change of role as well.
        savepoint.rollback()
    return Trial(role, name, "allowed" if may else "refused", found)


def _become(connection: Connection, role: str) -> None:
    try:
        connection.execute(select(func.set_config("role", role, True)))
    except DBAPIError as error:
        raise CannotTry(role) from error
