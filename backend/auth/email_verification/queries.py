from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import EmailVerification, User


async def find_owner(db: AsyncSession, email: str) -> User | None:
    """Find the account that has a confirmed address."""
    return await db.scalar(select(User).where(func.lower(User.email) == email.lower()))


async def count_claims(db: AsyncSession, email: str) -> int:
    """Return how many registrations wait for this address to be confirmed."""
    claims = select(func.count()).where(func.lower(EmailVerification.email) == email.lower())
    return await db.scalar(claims) or 0


async def find_claimed_email(db: AsyncSession, user_id: int) -> str | None:
    """Return the address that somebody registered with and has not confirmed yet."""
    return await db.scalar(
        select(EmailVerification.email).where(EmailVerification.user_id == user_id)
    )
