"""Changing keys while everybody goes on: the ones that sign, and the ones that encrypt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Table,
    bindparam,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL
from backend.auth.crypto.access_tokens import LEEWAY_SECONDS, LIFETIME_SECONDS
from backend.auth.crypto.signing_keys import KEY_LOCK, list_live_keys, new_signing_key
from backend.auth.keys.errors import KeyIsComing, KeysInSettings
from backend.auth.models import Base, SigningKey
from backend.auth.side import Auth
from backend.key_ring import KeyRing, NotDecipherable, place

# Longer than the key set may be kept in a cache (300 s) and than a process takes to look again.
PUBLISHED_BEFORE = timedelta(minutes=10)
# The last token that the old key signed, on a machine whose clock is five minutes slow.
_VERIFIED_AFTER = timedelta(seconds=LIFETIME_SECONDS + LEEWAY_SECONDS, minutes=5)
_BATCH = 200
# A process that was not restarted yet may write with an older key behind us.
_LOOKS = 5


async def rotate_signing_key(auth: Auth, *, is_compromised: bool = False) -> SigningKey:
    """Publish a new key that signs in ten minutes; the old one verifies until its tokens are over.

    A compromised key is of no use at once, and neither is any access token that it signed. Raises
    KeyIsComing, KeysInSettings.
    """
    if auth.settings.shared_jwt_secret is not None:
        raise KeysInSettings
    async with auth.database.transaction() as db:
        await db.execute(select(func.pg_advisory_xact_lock(KEY_LOCK)))
        now = (await db.execute(select(func.now()))).scalar_one()
        old = await list_live_keys(db)
        if not is_compromised and old and old[0].signs_from > now:
            raise KeyIsComing(old[0].signs_from)
        signs_from = now if is_compromised else now + PUBLISHED_BEFORE
        for key in old:
            key.retired_at = now if is_compromised else _earlier(key, signs_from + _VERIFIED_AFTER)
        new = new_signing_key(auth.key_ring, signs_from=signs_from)
        db.add(new)
        record(
            db, "keys.signing_rotated", actor=None, target=None, origin=AT_A_SHELL,
            kid=new.kid, signs_from=signs_from.isoformat(), is_compromised=is_compromised,
        )  # fmt: skip
    return new


async def list_signing_keys(db: AsyncSession) -> Sequence[SigningKey]:
    """Return the keys that sign, will sign, or still verify."""
    return await list_live_keys(db)


def _earlier(key: SigningKey, moment: datetime) -> datetime:
    return moment if key.retired_at is None else min(key.retired_at, moment)


@dataclass
class Reencrypted:
    """How many rows of each table were encrypted anew, and how many no key can read.

    ``is_complete`` says that a last look found nothing more to do.
    """

    rows: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    is_complete: bool = False


async def reencrypt(auth: Auth) -> Reencrypted:
    """Encrypt with the first key whatever another key of ENCRYPTION_KEYS has encrypted.

    In batches, each a short transaction, so everybody goes on meanwhile.
    """
    result = Reencrypted()
    for _ in range(_LOOKS):
        before = sum(result.rows.values())
        for table in encrypted_tables():
            await _reencrypt_table(auth, table, result)
        result.is_complete = sum(result.rows.values()) == before
        if result.is_complete:
            break
    async with auth.database.transaction() as db:
        record(
            db, "keys.reencrypted", actor=None, target=None, origin=AT_A_SHELL,
            key_id=auth.key_ring.first, rows=result.rows, unreadable=result.unreadable,
        )  # fmt: skip
    return result


def encrypted_tables() -> Iterator[Table]:
    """Yield the tables with columns that are marked as ENCRYPTED."""
    return (table for table in Base.metadata.sorted_tables if encrypted_columns(table))


def encrypted_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info.get("encrypted")]


async def _reencrypt_table(auth: Auth, table: Table, result: Reencrypted) -> None:
    [key] = table.primary_key.columns
    done = unreadable = 0
    rest: ColumnElement[bool] = true()
    while True:
        async with auth.database.transaction() as db:
            batch = await _read_batch(db, table, auth.key_ring.first_mark, rest)
            if not batch:
                break
            changes = [change for row in batch if (change := _anew(auth.key_ring, table, row))]
            if changes:
                await db.execute(_write(table), changes)
        done += len(changes)
        unreadable += len(batch) - len(changes)
        rest = key > batch[-1][0]
    result.rows[table.name] = result.rows.get(table.name, 0) + done
    if unreadable:
        result.unreadable[table.name] = unreadable


async def _read_batch(
    db: AsyncSession, table: Table, mark: bytes, rest: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    [key] = table.primary_key.columns
    columns = encrypted_columns(table)
    by_another_key = or_(*(func.substring(one, 1, len(mark)) != mark for one in columns))
    found = select(key, *columns).where(by_another_key, rest).order_by(key).limit(_BATCH)
    return (await db.execute(found.with_for_update())).all()


def _anew(key_ring: KeyRing, table: Table, row: Row[Any]) -> dict[str, Any] | None:
    """Return the row's new values, None if one of them cannot be read."""
    values: dict[str, Any] = {"of_row": row[0], "new_key_id": key_ring.first}
    for number, column in enumerate(encrypted_columns(table), start=1):
        sealed: bytes | None = row[number]
        where = place(f"{table.name}.{column.name}", row[0])
        try:
            plain = None if sealed is None else key_ring.decrypt(sealed, place=where)
        except NotDecipherable:
            return None
        values[f"new_{column.name}"] = (
            None if plain is None else key_ring.encrypt(plain, place=where)
        )
    return values


def _write(table: Table) -> Any:
    [key] = table.primary_key.columns
    names = [column.name for column in encrypted_columns(table)]
    names += ["key_id"] if "key_id" in table.columns else []
    return (
        update(table)
        .where(key == bindparam("of_row"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
