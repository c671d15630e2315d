"""Sign in with a password, and change it. bcrypt never runs while a row is locked."""

from sqlalchemy import bindparam, func, literal_column, update

from backend.auth.attempts import devices
from backend.auth.attempts.actions import Attempt, charge, forgive
from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.crypto.password_hasher import LONGEST_PASSWORD_BYTES
from backend.auth.factors.errors import TotpRequired
from backend.auth.factors.sign_in import challenge_if_needed
from backend.auth.models import AccountSecurity, User
from backend.auth.passwords.errors import (
    CurrentPasswordWrong,
    InvalidCredentials,
    NoPassword,
    PasswordRefused,
)
from backend.auth.passwords.policy import check_password
from backend.auth.passwords.queries import find_user_by_identifier, get_user_locked
from backend.auth.sessions.actions import StartedSession, end_sessions_of_user, start_session
from backend.auth.side import Auth
from backend.bridge.identity import Identity
from backend.database import Statement

_LONGEST_IDENTIFIER = 320
_SIGNED_IN = Statement(
    update(User)
    .where(
        User.id == bindparam("of_user"),
        User.hashed_password == bindparam("stored"),
        User.is_active,
    )
    .values(last_login=func.now())
    .returning(User.id)
)
_NO_FAILURES = Statement(
    update(AccountSecurity)
    .where(AccountSecurity.user_id == bindparam("of_user"), AccountSecurity.failed_login_count > 0)
    .values(failed_login_count=literal_column("0"))
)


async def sign_in_with_password(
    auth: Auth, *, identifier: str, password: str, origin: Origin, device: str
) -> StartedSession:
    """Start a session; unknown user, wrong password and no password take the same time and answer.

    ``device`` is the secret of the browser; from now on the account knows it. Raises
    InvalidCredentials, TotpRequired, TooManyAttempts, AccountBanned.
    """
    identifier = _storable(identifier)
    async with auth.database.transaction() as db:
        user, is_known = await find_user_by_identifier(db, identifier, device=device)
    attempt = Attempt.at(
        f"user {user.id}" if user else f"nobody {identifier.lower()}",
        network=origin.network,
        device=device if is_known else None,
    )
    await charge(auth.database, attempt)
    stored = user.hashed_password if user else None
    if len(password) > LONGEST_PASSWORD_BYTES:
        password = ""
    matches = await auth.passwords.matches(password, stored)
    if user is None or not matches or not user.is_active:
        await _record_failure(auth, user, origin)
        raise InvalidCredentials
    challenge = await challenge_if_needed(auth, user.id, origin=origin)
    if challenge is not None:
        async with auth.database.rows() as rows:
            await forgive(rows, attempt)
        raise TotpRequired(challenge)
    async with auth.database.rows() as rows:
        # Whatever happened to the account while bcrypt was at work counts.
        if await rows.row(_SIGNED_IN, of_user=user.id, stored=stored) is None:
            raise InvalidCredentials
        await rows.row(_NO_FAILURES, of_user=user.id)
        await forgive(rows, attempt)
        await devices.remember(rows, user.id, device)
        return await start_session(
            rows,
            user.id,
            method="password",
            lifetime=auth.settings.session_seconds,
            origin=origin,
        )


async def change_password(
    auth: Auth, caller: Identity, *, current: str, new: str, origin: Origin
) -> None:
    """Replace the caller's password and end their other sessions."""
    async with auth.database.transaction() as db:
        user = await db.get_one(User, caller.user_id)
    stored = user.hashed_password
    if stored is None:
        raise NoPassword
    # Whoever has taken over a session has no more tries than at the door.
    attempt = Attempt.at(
        f"user {user.id}", network=origin.network, device=f"session {caller.session_id}"
    )
    await charge(auth.database, attempt)
    if not await auth.passwords.matches(current, stored):
        raise CurrentPasswordWrong
    check_password(new, personal=(user.username, user.email))
    if await auth.passwords.matches(new, stored):
        raise PasswordRefused("The new password is the old one.")
    hashed = await auth.passwords.hash(new)
    async with auth.database.transaction() as db:
        user = await get_user_locked(db, caller.user_id)
        if user.hashed_password != stored:
            raise CurrentPasswordWrong
        user.hashed_password = hashed
        user.must_change_password = False
        await devices.forget_all(db, user.id)
        await db.execute(
            update(AccountSecurity)
            .where(AccountSecurity.user_id == user.id)
            .values(password_changed_at=func.now())
        )
        ended = await end_sessions_of_user(
            db, user.id, reason="password_changed", but=caller.session_id
        )
        record(
            db, "password.changed", actor=caller.uid, target=caller.uid, origin=origin,
            ended_sessions=ended,
        )  # fmt: skip


async def _record_failure(auth: Auth, user: User | None, origin: Origin) -> None:
    async with auth.database.transaction() as db:
        counted = (
            update(AccountSecurity)
            .where(AccountSecurity.user_id == (user.id if user else 0))
            .values(failed_login_count=AccountSecurity.failed_login_count + 1)
            .returning(AccountSecurity.uid)
        )
        uid = await db.scalar(counted)
        record(db, "sign_in.failed", actor=None, target=uid, origin=origin, method="password")


def _storable(identifier: str) -> str:
    """Return text that PostgreSQL takes; nobody is called anything else."""
    readable = identifier.encode("utf-8", "replace").decode("utf-8")
    return readable.replace("\0", "")[:_LONGEST_IDENTIFIER]
