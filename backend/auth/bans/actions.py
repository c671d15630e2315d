"""Ban a user, for a time or for good, and lift the ban. Its end is told by the database's clock."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL, Origin
from backend.auth.bans.errors import BanOverAlready, CannotBanYourself, NotBanned
from backend.auth.models import AccountSecurity
from backend.auth.sessions.actions import end_sessions_of_user
from backend.auth.side import Auth
from backend.auth.users.accounts import Account
from backend.auth.users.errors import LastAdmin
from backend.auth.users.queries import get_account, lock_user_and_admins


async def ban_user(
    auth: Auth,
    uid: UUID,
    *,
    reason: str,
    expires_at: datetime | None = None,
    by: UUID | None,
    origin: Origin = AT_A_SHELL,
) -> Account:
    """Keep a user out and end their sessions; a second ban replaces the first.

    Raises UserNotFound, CannotBanYourself, LastAdmin, BanOverAlready.
    """
    async with auth.database.transaction() as db:
        user, other_admins = await lock_user_and_admins(db, uid)
        if uid == by:
            raise CannotBanYourself
        if user.role == "admin" and other_admins == 0:
            raise LastAdmin
        now = (await db.execute(select(func.now()))).scalar_one()
        if expires_at is not None and expires_at <= now:
            raise BanOverAlready
        security = await db.get_one(AccountSecurity, user.id, with_for_update=True)
        security.banned_at = now
        security.ban_reason = reason
        security.ban_expires_at = expires_at
        ended = await end_sessions_of_user(db, user.id, reason="banned")
        record(
            db, "user.banned", actor=by, target=uid, origin=origin, reason=reason,
            expires_at=expires_at and expires_at.isoformat(), ended_sessions=ended,
        )  # fmt: skip
        await db.flush()
        return await get_account(db, uid)


async def unban_user(
    auth: Auth, uid: UUID, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> Account:
    """Let a banned user in again; raises UserNotFound, NotBanned."""
    async with auth.database.transaction() as db:
        await lock_user_and_admins(db, uid)
        account = await get_account(db, uid)
        if not account.is_banned:
            raise NotBanned
        account.security.banned_at = None
        account.security.ban_reason = None
        account.security.ban_expires_at = None
        record(db, "user.unbanned", actor=by, target=uid, origin=origin)
        await db.flush()
        return await get_account(db, uid)
