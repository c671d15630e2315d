"""Asking for one's account to be deleted, and changing one's mind while there is time."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.deletion.errors import ConfirmationWrong, DeletionAsked, DeletionNotAsked
from backend.auth.mail.actions import tell_owner
from backend.auth.models import AccountDeletion, User
from backend.auth.sessions.actions import end_sessions_of_user
from backend.auth.side import Auth
from backend.auth.users.errors import LastAdmin
from backend.auth.users.queries import lock_user_and_admins
from backend.bridge.identity import Identity

GRACE = timedelta(days=14)


async def ask_for_deletion(
    auth: Auth, caller: Identity, *, username: str, origin: Origin
) -> datetime:
    """Have the caller's account erased after two weeks; every session ends now.

    Returns when. Raises ConfirmationWrong, LastAdmin, DeletionAsked.
    """
    if username != caller.username:
        raise ConfirmationWrong
    async with auth.database.transaction() as db:
        user, other_admins = await lock_user_and_admins(db, caller.uid)
        if user.role == "admin" and other_admins == 0:
            raise LastAdmin
        asked = insert(AccountDeletion).values(user_id=user.id, due_at=func.now() + GRACE)
        due_at: datetime | None = await db.scalar(
            asked.on_conflict_do_nothing().returning(AccountDeletion.due_at)
        )
        if due_at is None:
            raise DeletionAsked
        ended = await end_sessions_of_user(db, user.id, reason="deletion_requested")
        await tell_owner(db, auth, user, "deletion_requested", due=f"{due_at:%-d %B %Y, %H:%M} UTC")
        record(
            db, "account.deletion_requested", actor=caller.uid, target=caller.uid, origin=origin,
            due_at=due_at.isoformat(), ended_sessions=ended,
        )  # fmt: skip
    return due_at


async def keep_account(auth: Auth, caller: Identity, *, origin: Origin) -> None:
    """Change one's mind; raises DeletionNotAsked, also to somebody who comes too late."""
    async with auth.database.transaction() as db:
        # Waits for an erasure that is under way, after which there is no such row any more.
        kept = delete(AccountDeletion).where(AccountDeletion.user_id == caller.user_id)
        if await db.scalar(kept.returning(AccountDeletion.user_id)) is None:
            raise DeletionNotAsked
        user = (await db.execute(select(User).where(User.id == caller.user_id))).scalar_one()
        await tell_owner(db, auth, user, "deletion_cancelled")
        record(db, "account.deletion_cancelled", actor=caller.uid, target=caller.uid, origin=origin)
