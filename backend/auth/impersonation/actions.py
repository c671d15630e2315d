"""Look at the site through a user's eyes: a short session of theirs that is marked as the admin's."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import new_token, token_hash
from backend.auth.impersonation.errors import CannotImpersonateAdmins, NothingToSee
from backend.auth.models import AccountSecurity, Session
from backend.auth.sessions.actions import StartedSession, end_one_session
from backend.auth.side import Auth
from backend.auth.users.queries import get_account
from backend.bridge.identity import Identity

LIFETIME = timedelta(minutes=15)


async def impersonate(
    auth: Auth, admin: Identity, uid: UUID, *, reason: str, origin: Origin
) -> StartedSession:
    """Start the session; the admin's own, the one that asks, ends, so that nothing leads back to it.

    Raises UserNotFound, CannotImpersonateAdmins, NothingToSee.
    """
    token = new_token()
    async with auth.database.transaction() as db:
        user_id = await _lock_whom(db, uid)
        await end_one_session(db, admin.user_id, admin.session_id, reason="impersonating")
        session = Session(
            user_id=user_id,
            token_hash=token_hash(token),
            expires_at=func.now() + LIFETIME,
            ip=origin.ip,
            user_agent=origin.user_agent,
            method="impersonation",
            impersonator_id=admin.user_id,
            impersonation_reason=reason,
        )
        db.add(session)
        await db.flush()
        await db.refresh(session)
        record(
            db, "impersonation.started", actor=admin.uid, target=uid, origin=origin,
            session_id=str(session.id), reason=reason, ended_session=str(admin.session_id),
        )  # fmt: skip
        version = await db.scalar(select(AccountSecurity.version).where(AccountSecurity.uid == uid))
    return StartedSession(token, session.id, uid, version or 0, session.expires_at)


async def _lock_whom(db: AsyncSession, uid: UUID) -> int:
    account = await get_account(db, uid, lock=True)
    user = account.user
    if user.role == "admin":
        raise CannotImpersonateAdmins
    if not user.is_active or user.must_change_password or account.is_banned:
        raise NothingToSee
    return user.id
