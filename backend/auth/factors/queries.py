from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import AccountSecurity, Passkey, RecoveryCode, TotpSecret


@dataclass(frozen=True)
class Factors:
    """What a user can prove themselves with besides a password and Discord."""

    has_totp: bool
    recovery_codes_left: int
    passkeys: Sequence[Passkey]


async def get_factors(db: AsyncSession, user_id: int) -> Factors:
    left = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    passkeys = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return Factors(
        await has_totp(db, user_id),
        await db.scalar(left) or 0,
        (await db.scalars(passkeys)).all(),
    )


async def has_totp(db: AsyncSession, user_id: int) -> bool:
    """Whether an authenticator app is set up and confirmed."""
    confirmed = exists().where(TotpSecret.user_id == user_id, TotpSecret.confirmed_at.is_not(None))
    return await db.scalar(select(confirmed)) or False


async def find_secret(db: AsyncSession, user_id: int) -> TotpSecret | None:
    """Return a user's secret, confirmed or not; nobody else uses a code of it until we commit."""
    return await db.scalar(
        select(TotpSecret).where(TotpSecret.user_id == user_id).with_for_update()
    )


async def lock_security(db: AsyncSession, user_id: int) -> AccountSecurity:
    return await db.get_one(AccountSecurity, user_id, with_for_update=True)
