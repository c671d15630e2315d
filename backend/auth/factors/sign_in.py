"""The second half of a sign-in with a password, for accounts with a second factor."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.attempts import devices
from backend.auth.attempts.actions import Attempt, charge, forgive
from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.factors.actions import check_code
from backend.auth.factors.challenges import begin_challenge, consume_challenge, try_challenge
from backend.auth.factors.errors import ChallengeOver, CodeWrong
from backend.auth.factors.queries import has_totp
from backend.auth.models import AccountSecurity, Challenge, User
from backend.auth.sessions.actions import START_WITH_FACTOR, StartedSession, start_session
from backend.auth.side import Auth

_PURPOSE = "sign_in"


async def challenge_if_needed(auth: Auth, user_id: int, *, origin: Origin) -> str | None:
    """Return what has to be shown with the code, None for an account without a second factor."""
    async with auth.database.transaction() as db:
        if not await has_totp(db, user_id):
            return None
        token = await begin_challenge(db, _PURPOSE, user_id=user_id)
        uid = await _uid(db, user_id)
        record(db, "sign_in.challenged", actor=uid, target=uid, origin=origin, method="password")
    return token


async def finish_sign_in(
    auth: Auth, *, challenge: str, code: str, origin: Origin, device: str
) -> StartedSession:
    """Start the session; raises ChallengeOver, CodeWrong, TooManyAttempts, AccountBanned."""
    async with auth.database.transaction() as db:
        tried = await try_challenge(db, challenge, _PURPOSE)
        user_id = tried.user_id or 0
        is_known = await devices.is_known(db, user_id, device)
    attempt = Attempt.at(
        f"code {user_id}", network=origin.network, device=device if is_known else None
    )
    await charge(auth.database, attempt)
    async with auth.database.transaction() as db:
        kind = await check_code(auth, db, user_id, code)
        if kind is not None:
            taken = await consume_challenge(db, challenge, _PURPOSE)
            await _sign_in(db, taken)
            rows = await auth.database.rows_of(db)
            await forgive(rows, attempt)
            await devices.remember(rows, user_id, device)
            # Beside the code's use, so that none is used up and leaves no trace.
            return await start_session(
                rows, user_id, method="password", lifetime=auth.settings.session_seconds,
                origin=origin, statement=START_WITH_FACTOR, factor=kind,
            )  # fmt: skip
        uid = await _uid(db, user_id)
        record(db, "sign_in.failed", actor=None, target=uid, origin=origin, method="code")
    raise CodeWrong


async def _sign_in(db: AsyncSession, challenge: Challenge) -> None:
    """Whatever happened to the account since the password was right counts."""
    security = await db.get_one(AccountSecurity, challenge.user_id)
    changed = security.password_changed_at
    if changed is not None and changed > challenge.created_at:
        raise ChallengeOver
    signed_in = (
        update(User)
        .where(User.id == challenge.user_id, User.is_active)
        .values(last_login=func.now())
        .returning(User.id)
    )
    if await db.scalar(signed_in) is None:
        raise ChallengeOver


async def _uid(db: AsyncSession, user_id: int) -> UUID | None:
    return await db.scalar(select(AccountSecurity.uid).where(AccountSecurity.user_id == user_id))
