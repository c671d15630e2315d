"""Tries at passwords: charged before the password is looked at, given back if it was right.

Four counters, and a growing hold on each (docs/decisions/0022): an account from one network, an
account from anywhere, a network at any account, and an account from a device that it knows. What
comes from a known device is counted there alone, so that no attack elsewhere keeps the owner out.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    String,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.attempts.errors import TooManyAttempts
from backend.auth.models import LoginAttempt
from backend.database import Database, Rows, Statement

# Scope: failures that cost nothing, then the longest hold in seconds; each failure doubles it.
FREE = {"pair": 5, "account": 30, "network": 100, "device": 10}
LONGEST = {"pair": 900, "account": 300, "network": 60, "device": 900}
_FORGOTTEN_AFTER: ColumnElement[timedelta] = literal_column("interval '1 day'")
_SECOND: ColumnElement[timedelta] = literal_column("interval '1 second'")


@dataclass(frozen=True)
class Attempt:
    """What a try at a password is charged to."""

    keys: tuple[bytes, ...]
    scopes: tuple[str, ...]

    @classmethod
    def at(cls, account: str, *, network: str, device: str | None = None) -> "Attempt":
        """``device`` names one that the account knows, None any other."""
        if device is not None:
            return cls((_key("device", account, device),), ("device",))
        charged = [
            (_key("pair", account, network), "pair"),
            (_key("account", account), "account"),
            (_key("network", network), "network"),
        ]
        keys, scopes = zip(*sorted(charged), strict=True)
        return cls(keys, scopes)


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def _charge_statement() -> Statement:
    keys = bindparam("keys", type_=ARRAY(LargeBinary))
    wanted = (
        func.unnest(keys, bindparam("scopes", type_=ARRAY(String)))
        .table_valued("key", "scope")
        .render_derived(name="wanted")
    )
    held = (
        select(func.max(LoginAttempt.held_until).label("until"))
        .where(LoginAttempt.key == func.any(keys), LoginAttempt.held_until > func.now())
        .cte("held")
    )
    until = select(held.c.until).scalar_subquery()
    # In the order of the keys: two that charge the same ones cannot wait for each other.
    chargeable = (
        select(wanted.c.key, wanted.c.scope, literal_column("1"), func.now())
        .where(until.is_(None))
        .order_by(wanted.c.key)
    )
    new = insert(LoginAttempt).from_select(["key", "scope", "failures", "held_until"], chargeable)
    is_old = LoginAttempt.last_at < func.now() - _FORGOTTEN_AFTER
    failures = case((is_old, 0), else_=LoginAttempt.failures) + 1
    charged = (
        new.on_conflict_do_update(
            index_elements=[LoginAttempt.key],
            set_={
                "failures": failures,
                "last_at": func.now(),
                "held_until": func.now() + _hold(failures) * _SECOND,
            },
            # Somebody else may have used up the last free one a moment ago.
            where=LoginAttempt.held_until <= func.now(),
        )
        .returning(LoginAttempt.key)
        .cte("charged")
    )
    return Statement(
        select(
            func.extract("epoch", until - func.now()).label("seconds"),
            select(func.count()).select_from(charged).scalar_subquery().label("charged"),
        )
    )


def _hold(failures: ColumnElement[int]) -> ColumnElement[float]:
    scope = LoginAttempt.scope
    over = failures - case(FREE, value=scope, else_=0)
    longest = case(LONGEST, value=scope, else_=0)
    return case((over > 0, func.least(longest, func.power(2, func.least(over, 20)))), else_=0)


_CHARGE = _charge_statement()
_FORGIVE = Statement(
    update(LoginAttempt)
    .where(LoginAttempt.key == func.any(bindparam("keys", type_=ARRAY(LargeBinary))))
    .values(
        # One success says nothing of the others who tried at this account or in this network.
        failures=case(
            (LoginAttempt.scope.in_([literal_column("'pair'"), literal_column("'device'")]), 0),
            else_=func.greatest(LoginAttempt.failures - 1, 0),
        ),
        held_until=func.now(),
    )
)


async def charge(database: Database, attempt: Attempt) -> None:
    """Count a try before the password is looked at; raises TooManyAttempts, and counts nothing then."""
    row = await database.row(_CHARGE, keys=list(attempt.keys), scopes=list(attempt.scopes))
    if row is None:
        raise RuntimeError("a SELECT of two values gives a row")
    if row["seconds"] is not None:
        raise TooManyAttempts(max(1, math.ceil(row["seconds"])))
    if row["charged"] < len(attempt.keys):
        raise TooManyAttempts(2)


async def forgive(rows: Rows, attempt: Attempt) -> None:
    """Take a charge back: the password was right."""
    await rows.row(_FORGIVE, keys=list(attempt.keys))


async def sweep(db: AsyncSession) -> None:
    """Remove the counters that nobody has touched for a day."""
    await db.execute(
        delete(LoginAttempt).where(LoginAttempt.last_at < func.now() - _FORGOTTEN_AFTER)
    )
