"""Proving again who sits there: for ten minutes the session may do what is sensitive."""

from typing import Any, NoReturn

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.attempts.actions import Attempt, charge, forgive
from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import new_token, token_hash
from backend.auth.factors.actions import check_code
from backend.auth.models import Session, User
from backend.auth.passkeys.actions import prove
from backend.auth.passkeys.errors import PasskeyRefused
from backend.auth.sessions.actions import ELEVATION
from backend.auth.sessions.errors import SessionNotFound
from backend.auth.sessions.queries import is_live
from backend.auth.side import Auth
from backend.auth.step_up.errors import ProofNotEnough, ProofWrong
from backend.auth.step_up.queries import possible_proofs
from backend.bridge.identity import Identity


async def step_up_with_password(
    auth: Auth, caller: Identity, password: str, *, origin: Origin, renew: bool
) -> str | None:
    """Raises ProofNotEnough, ProofWrong, TooManyAttempts; returns as ``_elevate`` does."""
    async with auth.database.transaction() as db:
        proofs = await possible_proofs(db, caller.user_id)
        stored = await db.scalar(select(User.hashed_password).where(User.id == caller.user_id))
    if not proofs.password:
        raise ProofNotEnough
    attempt = await _charge(auth, caller, "user", origin)
    if not await auth.passwords.matches(password, stored):
        await _refuse(auth, caller, "password", origin)
    async with auth.database.transaction() as db:
        await forgive(await auth.database.rows_of(db), attempt)
        return await _elevate(db, caller, "password", origin, renew=renew)


async def step_up_with_code(
    auth: Auth, caller: Identity, code: str, *, origin: Origin, renew: bool
) -> str | None:
    """The same with a code of the authenticator app or a recovery code."""
    attempt = await _charge(auth, caller, "code", origin)
    async with auth.database.transaction() as db:
        proofs = await possible_proofs(db, caller.user_id)
        if not proofs.code:
            raise ProofNotEnough
        kind = await check_code(auth, db, caller.user_id, code)
        if kind is not None:
            await forgive(await auth.database.rows_of(db), attempt)
            # Beside the code's use, so that none is used up and leaves no trace.
            return await _elevate(db, caller, kind, origin, renew=renew)
    await _refuse(auth, caller, "code", origin)


async def step_up_with_passkey(
    auth: Auth,
    caller: Identity,
    *,
    challenge: str,
    answer: dict[str, Any],
    origin: Origin,
    renew: bool,
) -> str | None:
    """The same with one of the caller's own passkeys; raises ChallengeOver, ProofWrong."""
    try:
        user_id = await prove(auth, challenge=challenge, answer=answer)
    except PasskeyRefused:
        user_id = None
    if user_id != caller.user_id:
        await _refuse(auth, caller, "passkey", origin)
    async with auth.database.transaction() as db:
        return await _elevate(db, caller, "passkey", origin, renew=renew)


async def _elevate(
    db: AsyncSession, caller: Identity, method: str, origin: Origin, *, renew: bool
) -> str | None:
    """Open the session for sensitive things; with ``renew`` return the cookie's new value.

    The old value is worth nothing then, so whoever had copied it is out.
    """
    token = new_token() if renew else None
    elevated = (
        update(Session)
        .where(Session.id == caller.session_id, is_live(), Session.impersonator_id.is_(None))
        .values(elevated_until=func.now() + ELEVATION)
        .returning(Session.id)
    )
    if token is not None:
        elevated = elevated.values(token_hash=token_hash(token))
    if await db.scalar(elevated) is None:
        raise SessionNotFound
    record(
        db, "step_up.passed", actor=caller.uid, target=caller.uid, origin=origin,
        method=method, session_id=str(caller.session_id),
    )  # fmt: skip
    return token


async def _charge(auth: Auth, caller: Identity, what: str, origin: Origin) -> Attempt:
    attempt = Attempt.at(
        f"{what} {caller.user_id}",
        network=origin.network,
        device=f"session {caller.session_id}",
    )
    await charge(auth.database, attempt)
    return attempt


async def _refuse(auth: Auth, caller: Identity, method: str, origin: Origin) -> NoReturn:
    async with auth.database.transaction() as db:
        record(
            db, "step_up.failed", actor=caller.uid, target=caller.uid, origin=origin,
            method=method,
        )  # fmt: skip
    raise ProofWrong
