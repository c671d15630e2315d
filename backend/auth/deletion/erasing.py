"""Erasing the accounts whose two weeks are over: one transaction each, in any number of processes.

Whatever refers to the user goes with the row; a trigger writes the event that makes the community
forget them, so that a crash at any moment leaves either all of it to do, or nothing but deliveries.
"""

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL
from backend.auth.audit_log.queries import ERASED
from backend.auth.bans.kept import keep_ban
from backend.auth.discord_sign_in.actions import announce_to_community
from backend.auth.discord_tokens.revoking import give_up_tokens, revoke_given_up
from backend.auth.models import AccountDeletion, AccountSecurity, Mail, OutboxMessage, User
from backend.auth.sessions.actions import end_sessions_of_user
from backend.auth.sessions.queries import is_not_banned
from backend.auth.side import Auth
from backend.auth.users.errors import LastAdmin
from backend.auth.users.queries import lock_user_and_admins
from backend.bridge.events import DeletedUser, Event
from backend.errors import Unavailable

log = logging.getLogger(__name__)

_BATCH = 100


async def erase_due(auth: Auth) -> int:
    """Erase every account whose time has come; returns how many this process did."""
    async with auth.database.transaction() as db:
        due = list(await db.scalars(_due().limit(_BATCH)))
    erased = 0
    for user_id in due:
        try:
            erased += await erase(auth, user_id)
        except Unavailable:
            raise
        except Exception:
            # One that cannot be erased must not keep the others waiting.
            log.exception("an account was not erased", extra={"action": "account.not_erased"})
    async with auth.database.transaction() as db:
        # Once more: what was under way during an erasure may have left an entry after it.
        await _empty_audit_log(db)
    return erased


async def erase(auth: Auth, user_id: int) -> bool:
    """Erase one account that is due; False if it is kept after all, or another process is at it."""
    async with auth.database.transaction() as db:
        claimed = _due().where(AccountDeletion.user_id == user_id)
        if await db.scalar(claimed.with_for_update(skip_locked=True)) is None:
            return False
        gone = await _erase(auth, db, user_id)
    log.info("an account was erased", extra={"action": ERASED, "uid": str(gone.uid)})
    event = Event(uuid4(), "user.deleted", datetime.now(UTC), gone)
    await announce_to_community(auth, event)
    await revoke_given_up(auth)
    return True


def _due() -> Select[Any]:
    return (
        select(AccountDeletion.user_id)
        .where(AccountDeletion.due_at <= func.now())
        .order_by(AccountDeletion.due_at)
    )


async def _erase(auth: Auth, db: AsyncSession, user_id: int) -> DeletedUser:
    user = await db.get_one(User, user_id, with_for_update=True)
    security = await db.get_one(AccountSecurity, user_id, with_for_update=True)
    uid = security.uid
    free = select(AccountSecurity.uid).where(AccountSecurity.uid == uid, is_not_banned())
    if await db.scalar(free) is None:
        keep_ban(db, auth.key_ring, user, security)
    await give_up_tokens(auth, db, user_id)
    await _forget_what_no_key_finds(db, user, security)
    record(db, ERASED, actor=None, target=uid, origin=AT_A_SHELL)
    await db.execute(delete(User).where(User.id == user_id))
    await _empty_audit_log(db)
    version = select(OutboxMessage.version).where(OutboxMessage.uid == uid)
    return DeletedUser(uid, user_id, (await db.execute(version)).scalar_one())


async def _forget_what_no_key_finds(
    db: AsyncSession, user: User, security: AccountSecurity
) -> None:
    """Remove mails to their address, and news of them that was not delivered yet."""
    if user.email is not None:
        theirs = func.lower(Mail.recipient) == user.email.lower()
        await db.execute(delete(Mail).where(theirs))
    await db.execute(delete(OutboxMessage).where(OutboxMessage.uid == security.uid))


async def _empty_audit_log(db: AsyncSession) -> None:
    await db.execute(select(func.forget_erased_people()))


async def erase_now(auth: Auth, uid: UUID) -> None:
    """Erase an account without waiting, for an operator; raises UserNotFound, LastAdmin."""
    async with auth.database.transaction() as db:
        user, other_admins = await lock_user_and_admins(db, uid)
        if user.role == "admin" and user.is_active and other_admins == 0:
            raise LastAdmin
        due = insert(AccountDeletion).values(user_id=user.id, due_at=func.now())
        await db.execute(
            due.on_conflict_do_update(
                index_elements=[AccountDeletion.user_id], set_={"due_at": due.excluded.due_at}
            )
        )
        await end_sessions_of_user(db, user.id, reason="erased")
        user_id = user.id
    await erase(auth, user_id)
