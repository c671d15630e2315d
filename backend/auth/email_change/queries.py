from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import AccountSecurity, EmailChange


def _newest_password() -> ColumnElement[bool]:
    """What was asked for before the password was last changed does not count any more."""
    changed_at = AccountSecurity.password_changed_at
    return or_(changed_at.is_(None), changed_at <= EmailChange.created_at)


async def find_pending_change(db: AsyncSession, token_hash: bytes) -> EmailChange | None:
    """Find a change that waits for its new address to be confirmed."""
    return await db.scalar(
        select(EmailChange)
        .join(AccountSecurity, AccountSecurity.user_id == EmailChange.user_id)
        .where(
            EmailChange.token_hash == token_hash,
            EmailChange.confirmed_at.is_(None),
            EmailChange.expires_at > func.now(),
            _newest_password(),
        )
    )


async def find_undoable_change(db: AsyncSession, undo_hash: bytes) -> EmailChange | None:
    """Find a change that the old address may still take back."""
    return await db.scalar(
        select(EmailChange).where(
            EmailChange.undo_hash == undo_hash, EmailChange.undo_expires_at > func.now()
        )
    )
