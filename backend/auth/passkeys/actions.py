"""Passkeys: add, remove, and sign in with one. A passkey is two factors in one device."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.factors.challenges import begin_challenge, consume_challenge
from backend.auth.factors.queries import lock_security
from backend.auth.models import Passkey, User
from backend.auth.passkeys import ceremonies
from backend.auth.passkeys.errors import (
    LastPasskey,
    PasskeyKnownAlready,
    PasskeyNotFound,
    PasskeyRefused,
    TooManyPasskeys,
)
from backend.auth.passwords.queries import get_user_locked
from backend.auth.sessions.actions import StartedSession, start_session
from backend.auth.side import Auth
from backend.bridge.identity import Identity
from backend.database import Statement

_ADD, _PROVE = "add_passkey", "prove_passkey"
_MOST = 20
_SIGNED_IN = Statement(
    update(User)
    .where(User.id == bindparam("of_user"), User.is_active)
    .values(last_login=func.now())
    .returning(User.id)
)


@dataclass(frozen=True)
class Asked:
    """``challenge`` comes back with the answer; ``options`` are for the browser."""

    challenge: str
    options: dict[str, Any]


async def begin_adding(auth: Auth, caller: Identity) -> Asked:
    """Raises TooManyPasskeys."""
    async with auth.database.transaction() as db:
        known = await _credential_ids(db, caller.user_id)
        if len(known) >= _MOST:
            raise TooManyPasskeys
        question = ceremonies.ask_for_new(
            auth.settings.public_url, uid=caller.uid, username=caller.username, known=known
        )
        token = await begin_challenge(db, _ADD, user_id=caller.user_id, value=question.challenge)
    return Asked(token, question.options)


async def add_passkey(
    auth: Auth,
    caller: Identity,
    *,
    challenge: str,
    answer: dict[str, Any],
    name: str,
    origin: Origin,
) -> Passkey:
    """Raises ChallengeOver, PasskeyNotMade, PasskeyKnownAlready, TooManyPasskeys."""
    async with auth.database.transaction() as db:
        taken = await consume_challenge(db, challenge, _ADD, user_id=caller.user_id)
    credential_id, public_key, sign_count = ceremonies.accept_new(
        auth.settings.public_url, answer, taken.value or b""
    )
    async with auth.database.transaction() as db:
        await lock_security(db, caller.user_id)
        if len(await _credential_ids(db, caller.user_id)) >= _MOST:
            raise TooManyPasskeys
        if await _find(db, credential_id) is not None:
            raise PasskeyKnownAlready
        passkey = Passkey(
            user_id=caller.user_id,
            credential_id=credential_id,
            public_key=public_key,
            sign_count=sign_count,
            name=name,
        )
        db.add(passkey)
        record(db, "passkey.added", actor=caller.uid, target=caller.uid, origin=origin, name=name)
        await db.flush()
        await db.refresh(passkey)
    return passkey


async def remove_passkey(auth: Auth, caller: Identity, passkey_id: UUID, *, origin: Origin) -> None:
    """Raises PasskeyNotFound for anybody else's, LastPasskey when they could not sign in any more."""
    async with auth.database.transaction() as db:
        user = await get_user_locked(db, caller.user_id)
        passkey = await db.get(Passkey, passkey_id)
        if passkey is None or passkey.user_id != caller.user_id:
            raise PasskeyNotFound
        if user.hashed_password is None and user.discord_id is None:
            count = select(func.count()).where(Passkey.user_id == user.id)
            if await db.scalar(count) == 1:
                raise LastPasskey
        await db.delete(passkey)
        record(
            db, "passkey.removed", actor=caller.uid, target=caller.uid, origin=origin,
            name=passkey.name,
        )  # fmt: skip


async def begin_proof(auth: Auth) -> Asked:
    """Ask for any passkey of this site: it says itself whose it is."""
    question = ceremonies.ask_for_any(auth.settings.public_url)
    async with auth.database.transaction() as db:
        token = await begin_challenge(db, _PROVE, value=question.challenge)
    return Asked(token, question.options)


async def prove(auth: Auth, *, challenge: str, answer: dict[str, Any]) -> int:
    """Return whose passkey signed; raises ChallengeOver, PasskeyRefused."""
    async with auth.database.transaction() as db:
        taken = await consume_challenge(db, challenge, _PROVE)
    async with auth.database.transaction() as db:
        passkey = await _find(db, ceremonies.credential_id_of(answer))
        if passkey is None:
            raise PasskeyRefused
        passkey.sign_count = ceremonies.accept(
            auth.settings.public_url, answer, taken.value or b"", passkey
        )
        passkey.last_used_at = await db.scalar(select(func.now()))
        return passkey.user_id


async def sign_in_with_passkey(
    auth: Auth, *, challenge: str, answer: dict[str, Any], origin: Origin
) -> StartedSession:
    """Raises ChallengeOver, PasskeyRefused, AccountBanned."""
    try:
        user_id = await prove(auth, challenge=challenge, answer=answer)
    except PasskeyRefused:
        async with auth.database.transaction() as db:
            record(db, "sign_in.failed", actor=None, target=None, origin=origin, method="passkey")
        raise
    async with auth.database.rows() as rows:
        if await rows.row(_SIGNED_IN, of_user=user_id) is None:
            raise PasskeyRefused
        return await start_session(
            rows, user_id, method="passkey", lifetime=auth.settings.session_seconds, origin=origin
        )


async def _credential_ids(db: AsyncSession, user_id: int) -> list[bytes]:
    ids = select(Passkey.credential_id).where(Passkey.user_id == user_id)
    return list(await db.scalars(ids))


async def _find(db: AsyncSession, credential_id: bytes) -> Passkey | None:
    found = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    return await db.scalar(found)
