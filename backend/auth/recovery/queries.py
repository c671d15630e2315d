from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import AccountSecurity, PasswordReset, User
from backend.auth.sessions.queries import is_not_banned


def is_newer_than_the_password(created_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """A link that was sent before the password was last changed does not work any more."""
    changed_at = AccountSecurity.password_changed_at
    return or_(changed_at.is_(None), changed_at <= created_at)


async def find_account(db: AsyncSession, email: str) -> tuple[User, UUID] | None:
    """Find the account of an address, if it may be signed in to.

    Locked as a foreign key would lock it, and before the link: whoever uses a link does the same.
    """
    wanted = (
        select(User, AccountSecurity.uid)
        .join(AccountSecurity, AccountSecurity.user_id == User.id)
        .where(func.lower(User.email) == email.lower(), User.is_active, is_not_banned())
        .with_for_update(of=User, read=True, key_share=True)
    )
    found = (await db.execute(wanted)).one_or_none()
    return (found[0], found[1]) if found else None


async def find_user_of_reset(db: AsyncSession, token_hash: bytes) -> User | None:
    """Find whose password a link may set; the link stays good."""
    return await db.scalar(
        select(User)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .join(AccountSecurity, AccountSecurity.user_id == User.id)
        .where(
            PasswordReset.token_hash == token_hash,
            PasswordReset.expires_at > func.now(),
            is_newer_than_the_password(PasswordReset.created_at.expression),
            User.hashed_password.is_not(None),
            User.is_active,
            is_not_banned(),
        )
    )
