"""Forgotten passwords. Asking takes the same steps whether the address has an account or not."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.attempts import devices
from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.email_address import normal_email
from backend.auth.mail.actions import queue_mail, require_mail, tell_owner
from backend.auth.mail.letters import Kind
from backend.auth.mail.recipients import may_write_to
from backend.auth.models import AccountSecurity, PasswordReset, User
from backend.auth.passwords.policy import check_password
from backend.auth.passwords.queries import get_user_locked
from backend.auth.recovery.errors import ResetRefused
from backend.auth.recovery.queries import find_account, find_user_of_reset
from backend.auth.sessions.actions import end_sessions_of_user
from backend.auth.side import Auth

LIFETIME = timedelta(minutes=30)
ANSWER_SECONDS = 0.15
_ASK_AGAIN: ColumnElement[timedelta] = literal_column("interval '1 minute'")
_SWEEP = 20


async def ask_for_reset(auth: Auth, email: str, *, origin: Origin) -> None:
    """Send a link to choose a new password, if the address has an account and room in its mailbox.

    For any other address the same rows are written: a link of nobody's, and a mail that is not sent.
    What difference is left (foreign keys, a larger object) drowns in the time that it always takes.
    """
    require_mail(auth.settings)
    await asyncio.gather(_ask(auth, email, origin), asyncio.sleep(ANSWER_SECONDS))


async def _ask(auth: Auth, email: str, origin: Origin) -> None:
    async with auth.database.transaction() as db:
        await _drop_expired(db)
        found = await find_account(db, _normal(email))
        user, uid = found or (None, None)
        # Beyond that the newest link stays good, and the answer is the same.
        if await may_write_to(db, auth, _normal(email), about="password"):
            await send_link(db, auth, user)
        record(db, "password.reset_asked", actor=None, target=uid, origin=origin)


async def reset_password(auth: Auth, token: str, new: str, *, origin: Origin) -> None:
    """Set a new password by a link; it works once. All sessions end; nobody is signed in by it.

    Raises ResetRefused, or PasswordRefused, after which the link is still good.
    """
    if not looks_like_a_token(token):
        raise ResetRefused
    hashed_token = token_hash(token)
    async with auth.database.transaction() as db:
        user = await find_user_of_reset(db, hashed_token)
    if user is None:
        raise ResetRefused
    check_password(new, personal=(user.username, user.email))
    hashed = await auth.passwords.hash(new)
    async with auth.database.transaction() as db:
        user = await _use_link(db, hashed_token)
        user.hashed_password = hashed
        user.must_change_password = False
        uid = await _note_change(db, user.id)
        # Whoever knew the old password may have been let past the delays on some device.
        await devices.forget_all(db, user.id)
        ended = await end_sessions_of_user(db, user.id, reason="password_reset")
        await tell_owner(db, auth, user, "password_was_reset")
        record(db, "password.reset", actor=uid, target=uid, origin=origin, ended_sessions=ended)


async def _use_link(db: AsyncSession, hashed_token: bytes) -> User:
    """Use a link up and return its user, locked; only one of many at once gets past here."""
    user = await find_user_of_reset(db, hashed_token)
    if user is not None:
        await get_user_locked(db, user.id)
        user = await find_user_of_reset(db, hashed_token)
    if user is None:
        raise ResetRefused
    await db.execute(delete(PasswordReset).where(PasswordReset.token_hash == hashed_token))
    return user


async def _note_change(db: AsyncSession, user_id: int) -> UUID:
    changed = (
        update(AccountSecurity)
        .where(AccountSecurity.user_id == user_id)
        .values(password_changed_at=func.now())
        .returning(AccountSecurity.uid)
    )
    return (await db.execute(changed)).scalar_one()


async def send_link(db: AsyncSession, auth: Auth, user: User | None) -> None:
    """Write down a new link in place of the old one, and a mail. Without a user both are for nothing."""
    token = new_token()
    new = insert(PasswordReset).values(
        token_hash=token_hash(token),
        user_id=user.id if user else None,
        expires_at=func.now() + LIFETIME,
    )
    replaced = new.on_conflict_do_update(
        index_elements=[PasswordReset.user_id],
        set_={
            "token_hash": new.excluded.token_hash,
            "expires_at": new.excluded.expires_at,
            "created_at": func.now(),
        },
        where=PasswordReset.created_at < func.now() - _ASK_AGAIN,
    ).returning(PasswordReset.token_hash)
    is_new = await db.scalar(replaced) is not None
    is_sent = is_new and user is not None and user.email is not None
    kind: Kind = "password_reset" if user is None or user.hashed_password else "no_password"
    await queue_mail(
        db,
        auth,
        kind,
        to=user.email if user and user.email else "nobody@localhost",
        user_id=user.id if user else None,
        is_sent=is_sent,
        useful_seconds=int(LIFETIME.total_seconds()),
        username=user.username if user else "",
        link=f"{auth.settings.public_url}/password/reset?token={token}",
    )


async def _drop_expired(db: AsyncSession) -> None:
    expired = (
        select(PasswordReset.token_hash)
        .where(PasswordReset.expires_at < func.now())
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    await db.execute(delete(PasswordReset).where(PasswordReset.token_hash.in_(expired)))


def _normal(email: str) -> str:
    """Return an address to look for; what is none is nobody's."""
    try:
        return normal_email(email)
    except ValueError:
        return ""
