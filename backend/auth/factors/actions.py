"""Authenticator apps and recovery codes: set up, check, remove."""

import logging
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.factors import totp
from backend.auth.factors.errors import (
    EnrolmentCodeWrong,
    SecretUnreadable,
    TotpEnabledAlready,
    TotpNotEnabled,
)
from backend.auth.factors.queries import find_secret, has_totp, lock_security
from backend.auth.factors.recovery_codes import replace_codes, use_code
from backend.auth.models import Challenge, Passkey, RecoveryCode, TotpSecret
from backend.auth.side import Auth
from backend.bridge.identity import Identity
from backend.key_ring import NotDecipherable, place

log = logging.getLogger(__name__)

_LONGEST_CODE = 64
Kind = Literal["totp", "recovery_code"]


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs; shown once."""

    secret: str
    uri: str


def _place(user_id: int) -> bytes:
    return place("totp_secrets.secret", user_id)


async def begin_totp(auth: Auth, caller: Identity, *, origin: Origin) -> Enrolment:
    """Make a secret that counts once a code of it was entered; raises TotpEnabledAlready."""
    secret = totp.new_secret()
    sealed = auth.key_ring.encrypt(secret, place=_place(caller.user_id))
    async with auth.database.transaction() as db:
        await lock_security(db, caller.user_id)
        found = await find_secret(db, caller.user_id)
        if found is not None and found.confirmed_at is not None:
            raise TotpEnabledAlready
        if found is None:
            db.add(TotpSecret(user_id=caller.user_id, secret=sealed))
        else:
            found.secret = sealed
        record(db, "totp.begun", actor=caller.uid, target=caller.uid, origin=origin)
    site = auth.settings.public_url.partition("://")[2]
    uri = totp.provisioning_uri(secret, username=caller.username, site=site)
    return Enrolment(totp.readable(secret), uri)


async def pending_enrolment(auth: Auth, caller: Identity) -> Enrolment | None:
    """Return the enrolment that was begun and not confirmed, to be shown again."""
    async with auth.database.transaction() as db:
        found = await find_secret(db, caller.user_id)
    if found is None or found.confirmed_at is not None:
        return None
    secret = _open(auth, found)
    site = auth.settings.public_url.partition("://")[2]
    uri = totp.provisioning_uri(secret, username=caller.username, site=site)
    return Enrolment(totp.readable(secret), uri)


async def confirm_totp(auth: Auth, caller: Identity, *, code: str, origin: Origin) -> list[str]:
    """Switch the second factor on and return ten recovery codes.

    Raises TotpNotEnabled, TotpEnabledAlready, EnrolmentCodeWrong.
    """
    async with auth.database.transaction() as db:
        security = await lock_security(db, caller.user_id)
        found = await find_secret(db, caller.user_id)
        if found is None:
            raise TotpNotEnabled
        if found.confirmed_at is not None:
            raise TotpEnabledAlready
        if not await _use_totp(auth, db, found, code):
            raise EnrolmentCodeWrong
        found.confirmed_at = await db.scalar(select(func.now()))
        security.mfa_enabled = True
        codes = await replace_codes(db, caller.user_id)
        record(db, "totp.enabled", actor=caller.uid, target=caller.uid, origin=origin)
    return codes


async def disable_totp(auth: Auth, caller: Identity, *, origin: Origin) -> None:
    """Remove the authenticator app and the recovery codes; raises TotpNotEnabled."""
    async with auth.database.transaction() as db:
        security = await lock_security(db, caller.user_id)
        if not await has_totp(db, caller.user_id):
            raise TotpNotEnabled
        security.mfa_enabled = False
        await _remove_codes(db, caller.user_id)
        record(db, "totp.disabled", actor=caller.uid, target=caller.uid, origin=origin)


async def renew_recovery_codes(auth: Auth, caller: Identity, *, origin: Origin) -> list[str]:
    """Return ten new codes in place of the old ones; raises TotpNotEnabled."""
    async with auth.database.transaction() as db:
        await lock_security(db, caller.user_id)
        if not await has_totp(db, caller.user_id):
            raise TotpNotEnabled
        codes = await replace_codes(db, caller.user_id)
        record(db, "recovery_codes.made", actor=caller.uid, target=caller.uid, origin=origin)
    return codes


async def remove_all_factors(db: AsyncSession, user_id: int) -> None:
    """Leave a user without any, as part of a change that writes the audit entry."""
    security = await lock_security(db, user_id)
    security.mfa_enabled = False
    await _remove_codes(db, user_id)
    await db.execute(delete(Passkey).where(Passkey.user_id == user_id))


async def check_code(auth: Auth, db: AsyncSession, user_id: int, code: str) -> Kind | None:
    """Use up a code of the app or a recovery code; None if it is neither."""
    plain = "".join(code.split())
    if not plain or len(plain) > _LONGEST_CODE:
        return None
    found = await find_secret(db, user_id)
    if found is None or found.confirmed_at is None:
        return None
    if await _use_totp(auth, db, found, plain):
        return "totp"
    return "recovery_code" if await use_code(db, user_id, plain) else None


async def _use_totp(auth: Auth, db: AsyncSession, found: TotpSecret, code: str) -> bool:
    plain = "".join(code.split())
    if not (plain.isascii() and plain.isdecimal()):
        return False
    secret = _open(auth, found)
    # The clock of the database is the same for all processes, and not the transaction's.
    now = await db.scalar(select(func.extract("epoch", func.clock_timestamp())))
    step = totp.matching_step(secret, plain, now=float(now or 0), after=found.last_step)
    if step is None:
        return False
    found.last_step = step
    return True


def _open(auth: Auth, found: TotpSecret) -> bytes:
    try:
        return auth.key_ring.decrypt(found.secret, place=_place(found.user_id))
    except NotDecipherable as problem:
        log.error("%s", problem, extra={"action": "totp.unreadable"})
        raise SecretUnreadable from None


async def _remove_codes(db: AsyncSession, user_id: int) -> None:
    for table in (TotpSecret, RecoveryCode, Challenge):
        await db.execute(delete(table).where(table.user_id == user_id))
