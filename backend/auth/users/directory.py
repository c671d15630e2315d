"""The users as the mirror is to have them, read and announced by the auth side itself."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, text, true, update
from sqlalchemy.orm import InstrumentedAttribute

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL, Origin
from backend.auth.models import AccountDeletion, AccountSecurity, User
from backend.auth.own_data.queries import find_own_data
from backend.bridge.errors import VersionOutOfRange
from backend.bridge.events import UserState
from backend.bridge.users import LARGEST_VERSION, UserCount
from backend.database import Database

# Two who raise the sequence must not lower it for each other.
_VERSIONS_LOCK = 0xA2203
# Versions that sign-ins take between our look at the sequence and our setting of it.
_MARGIN = 10_000


class Directory:
    """Implements the bridge's UserDirectory on the database itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, uid: UUID) -> UserState | None:
        async with self._database.transaction() as db:
            row = (await db.execute(_states().where(AccountSecurity.uid == uid))).first()
        return None if row is None else _state(row)

    async def page(self, *, after: int, upto: int | None, limit: int) -> Sequence[UserState]:
        security = _SECURITY_OF_USER
        page = select(*_columns(security.c.uid, security.c.version)).join(security, true())
        page = page.where(User.id > after).order_by(User.id).limit(limit)
        if upto is not None:
            page = page.where(User.id <= upto)
        async with self._database.transaction() as db:
            return [_state(row) for row in await db.execute(page)]

    async def count(self) -> UserCount:
        users = select(func.count()).select_from(User).scalar_subquery()
        latest = text("SELECT last_value FROM user_versions").columns(last_value=User.id.type)
        async with self._database.transaction() as db:
            row = (await db.execute(select(users, latest.scalar_subquery()))).one()
        return UserCount(users=row[0], latest_version=row[1])

    async def own_data(self, uid: UUID) -> dict[str, Any] | None:
        async with self._database.transaction() as db:
            return await find_own_data(db, uid)

    async def announce_again(
        self, uids: Sequence[UUID], *, above: int, origin: Origin = AT_A_SHELL
    ) -> Sequence[UserState]:
        """Give these users versions above ``above``; triggers announce them like any change."""
        if not 0 <= above <= LARGEST_VERSION:
            raise VersionOutOfRange
        chosen = AccountSecurity.uid.in_(uids)
        async with self._database.transaction() as db:
            await db.execute(select(func.pg_advisory_xact_lock(_VERSIONS_LOCK)))
            await db.execute(_RAISE, {"above": above, "raised": above + _MARGIN})
            raised = update(AccountSecurity).where(chosen)
            await db.execute(
                raised.values(version=AccountSecurity.version + 1),
                execution_options={"synchronize_session": False},
            )
            rows = (await db.execute(_states().where(chosen).order_by(User.id))).all()
            record(
                db, "users.announced_again", actor=None, target=None, origin=origin,
                count=len(rows), above=str(above),
            )  # fmt: skip
        return [_state(row) for row in rows]


_RAISE = text(
    "SELECT setval('user_versions', :raised) FROM user_versions WHERE last_value <= :above"
)


_Column = ColumnElement[Any] | InstrumentedAttribute[Any]

# LIMIT forces a look-up by key. Statistics taken while a dump is being restored call both tables empty,
# and a plain join of them then reads every row of one for every row of the other.
_SECURITY_OF_USER = (
    select(AccountSecurity.uid, AccountSecurity.version)
    .where(AccountSecurity.user_id == User.id)
    .limit(1)
    .lateral()
)


def _states() -> Select[*tuple[Any, ...]]:
    columns = _columns(AccountSecurity.uid, AccountSecurity.version)
    return select(*columns).join(AccountSecurity, AccountSecurity.user_id == User.id)


def _columns(uid: _Column, version: _Column) -> tuple[Any, ...]:
    """Plain columns: at thousands of rows, ORM objects cost more than the query."""
    return (
        uid,
        User.id,
        version,
        User.username,
        User.discord_id,
        User.email,
        User.role,
        # As the trigger announces it: whoever is about to be deleted is not here any more.
        User.is_active & ~exists().where(AccountDeletion.user_id == User.id),
    )


def _state(row: Row[*tuple[Any, ...]]) -> UserState:
    return UserState(*row)
