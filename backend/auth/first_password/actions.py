"""The first password of somebody who came by Discord alone."""

from sqlalchemy import func, update

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.first_password.errors import PasswordThereAlready
from backend.auth.mail.actions import tell_owner
from backend.auth.models import AccountSecurity, User
from backend.auth.passwords.policy import check_password
from backend.auth.passwords.queries import get_user_locked
from backend.auth.side import Auth
from backend.bridge.identity import Identity


async def set_first_password(auth: Auth, caller: Identity, new: str, *, origin: Origin) -> None:
    """Let the caller sign in with their user name, or address, and this password too.

    Who asks has to have proved themselves just before. Raises PasswordThereAlready, PasswordRefused.
    """
    async with auth.database.transaction() as db:
        user = await db.get_one(User, caller.user_id)
    if user.hashed_password is not None:
        raise PasswordThereAlready
    check_password(new, personal=(user.username, user.email))
    hashed = await auth.passwords.hash(new)
    async with auth.database.transaction() as db:
        user = await get_user_locked(db, caller.user_id)
        if user.hashed_password is not None:
            raise PasswordThereAlready
        user.hashed_password = hashed
        await db.execute(
            update(AccountSecurity)
            .where(AccountSecurity.user_id == user.id)
            .values(password_changed_at=func.now())
        )
        await tell_owner(db, auth, user, "password_was_set")
        record(db, "password.set", actor=caller.uid, target=caller.uid, origin=origin)
