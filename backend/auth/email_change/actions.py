"""Changing one's e-mail address: confirmed at the new one, undone for three days at the old one."""

from datetime import timedelta

from sqlalchemy import delete, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.attempts.actions import Attempt, charge, forgive
from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.email_change.errors import EmailLinkRefused, EmailUnchanged
from backend.auth.email_change.queries import find_pending_change, find_undoable_change
from backend.auth.email_verification.actions import give_email
from backend.auth.email_verification.addresses import check_email
from backend.auth.email_verification.queries import find_owner
from backend.auth.mail.actions import DAY_SECONDS, queue_mail, require_mail
from backend.auth.mail.recipients import require_room_in
from backend.auth.models import AccountSecurity, EmailChange, PasswordReset, User
from backend.auth.passwords.errors import CurrentPasswordWrong, NoPassword
from backend.auth.passwords.queries import get_user_locked
from backend.auth.recovery.actions import send_link
from backend.auth.sessions.actions import end_sessions_of_user
from backend.auth.side import Auth
from backend.bridge.identity import Identity

UNDO_DAYS = 3
# Matches no password; a new one is set by a link.
_UNUSABLE = "!"


async def ask_for_change(
    auth: Auth, caller: Identity, *, new_email: str, current_password: str, origin: Origin
) -> None:
    """Write to the new address; nothing changes before it is confirmed there.

    If somebody has that address, they are told instead, and the caller sees no difference.
    Raises TooManyAttempts and TooManyMails too.
    """
    require_mail(auth.settings)
    address = check_email(new_email)
    stored = await _check_password(auth, caller, current_password, origin)
    token = new_token()
    async with auth.database.transaction() as db:
        user = await get_user_locked(db, caller.user_id)
        if user.hashed_password != stored:
            raise CurrentPasswordWrong
        if user.email is not None and user.email.lower() == address.lower():
            raise EmailUnchanged
        await require_room_in(db, auth, address, about="address")
        await _remember(db, user, address, token)
        await _write_to_new(db, auth, user, address, token)
        record(db, "email.change_asked", actor=caller.uid, target=caller.uid, origin=origin)


async def confirm_change(auth: Auth, token: str, *, origin: Origin) -> None:
    """Take over the new address and send the old one a link to undo it.

    Raises EmailLinkRefused, EmailTaken.
    """
    hashed = _hash(token)
    async with auth.database.transaction() as db:
        found = await find_pending_change(db, hashed)
        if found is None:
            raise EmailLinkRefused
        user = await get_user_locked(db, found.user_id)
        change = await find_pending_change(db, hashed)
        if change is None:
            raise EmailLinkRefused
        change.old_email = user.email
        change.confirmed_at = func.now()
        uid = await give_email(db, user.id, change.new_email)
        await _drop_resets(db, user.id)
        if change.old_email is not None:
            await _write_to_old(db, auth, user, change)
        record(db, "email.changed", actor=uid, target=uid, origin=origin)


async def undo_change(auth: Auth, token: str, *, origin: Origin) -> None:
    """Give the account back to its old address: sessions end, and the password has to be set anew.

    Whoever changed the address knew the password. Raises EmailLinkRefused, EmailTaken.
    """
    hashed = _hash(token)
    async with auth.database.transaction() as db:
        found = await find_undoable_change(db, hashed)
        if found is None:
            raise EmailLinkRefused
        user = await get_user_locked(db, found.user_id)
        change = await find_undoable_change(db, hashed)
        if change is None or change.old_email is None:
            raise EmailLinkRefused
        uid = await give_email(db, user.id, change.old_email)
        later = (EmailChange.user_id == user.id) & (EmailChange.id >= change.id)
        await db.execute(delete(EmailChange).where(later))
        await _drop_resets(db, user.id)
        if user.hashed_password is not None:
            await _lock_password(db, auth, user)
        ended = await end_sessions_of_user(db, user.id, reason="email_change_undone")
        record(
            db, "email.change_undone", actor=uid, target=uid, origin=origin, ended_sessions=ended
        )


async def _check_password(auth: Auth, caller: Identity, password: str, origin: Origin) -> str:
    """Return the stored password if this is it; a session has no more tries than the door."""
    async with auth.database.transaction() as db:
        user = await db.get_one(User, caller.user_id)
    if user.hashed_password is None:
        raise NoPassword
    attempt = Attempt.at(
        f"user {user.id}", network=origin.network, device=f"session {caller.session_id}"
    )
    await charge(auth.database, attempt)
    if not await auth.passwords.matches(password, user.hashed_password):
        raise CurrentPasswordWrong
    async with auth.database.rows() as rows:
        await forgive(rows, attempt)
    return user.hashed_password


async def _remember(db: AsyncSession, user: User, address: str, token: str) -> None:
    """Write the change down; the newest alone can be confirmed."""
    pending = (EmailChange.user_id == user.id) & EmailChange.confirmed_at.is_(None)
    await db.execute(delete(EmailChange).where(pending))
    db.add(
        EmailChange(
            user_id=user.id,
            old_email=user.email,
            new_email=address,
            token_hash=token_hash(token),
            expires_at=func.now() + timedelta(seconds=DAY_SECONDS),
        )
    )
    await db.flush()


async def _write_to_new(db: AsyncSession, auth: Auth, user: User, address: str, token: str) -> None:
    owner = await find_owner(db, address)
    if owner is not None and owner.email is not None:
        await queue_mail(
            db, auth, "address_in_use", to=owner.email, user_id=owner.id, username=owner.username
        )
    else:
        await queue_mail(
            db, auth, "confirm_email", to=address, user_id=user.id,
            link=f"{auth.settings.public_url}/account/email/confirm?token={token}",
        )  # fmt: skip


async def _write_to_old(db: AsyncSession, auth: Auth, user: User, change: EmailChange) -> None:
    token = new_token()
    change.undo_hash = token_hash(token)
    change.undo_expires_at = func.now() + timedelta(days=UNDO_DAYS)
    await db.flush()
    if auth.settings.can_send_mail and change.old_email is not None:
        await queue_mail(
            db, auth, "email_changed", to=change.old_email, user_id=user.id,
            useful_seconds=UNDO_DAYS * DAY_SECONDS, username=user.username,
            link=f"{auth.settings.public_url}/account/email/undo?token={token}",
        )  # fmt: skip


async def _lock_password(db: AsyncSession, auth: Auth, user: User) -> None:
    user.hashed_password = _UNUSABLE
    await db.execute(
        update(AccountSecurity)
        .where(AccountSecurity.user_id == user.id)
        .values(password_changed_at=func.now())
    )
    await db.flush()
    await send_link(db, auth, user)


async def _drop_resets(db: AsyncSession, user_id: int) -> None:
    """Links that went to the address of before set no password any more."""
    await db.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


def _hash(token: str) -> bytes:
    if not looks_like_a_token(token):
        raise EmailLinkRefused
    return token_hash(token)
