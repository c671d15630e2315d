from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.factors.queries import get_factors
from backend.auth.models import User


@dataclass(frozen=True)
class Proofs:
    """What somebody may prove themselves with: a second factor if they have one, else the first."""

    code: bool
    passkey: bool
    password: bool
    discord: bool


async def possible_proofs(db: AsyncSession, user_id: int) -> Proofs:
    factors = await get_factors(db, user_id)
    wanted = select(User.hashed_password.is_not(None), User.discord_id.is_not(None))
    with_password, with_discord = (await db.execute(wanted.where(User.id == user_id))).one()
    return Proofs(
        code=factors.has_totp,
        passkey=bool(factors.passkeys),
        password=with_password and not factors.has_totp,
        discord=with_discord and not factors.has_totp,
    )
