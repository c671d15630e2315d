"""Sign-ins under way: one row each, bound to a browser, used once (RFC 9700 4.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, Interval, LargeBinary, Uuid, bindparam, delete, func, insert, select

from backend.auth.crypto.key_ring import KeyRing, NotDecipherable, place
from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.discord_sign_in.errors import StateRefused
from backend.auth.models import OAuthState
from backend.database import Database, Statement

LIFETIME_SECONDS = 600
_COLUMN = "oauth_states.verifier"
Purpose = Literal["login", "link"]
# Each new sign-in takes a few dead ones with it, so the table stays as small as the traffic.
_SWEEP = 20


def _insert_statement() -> Statement:
    dead = (
        select(OAuthState.state_hash)
        .where(OAuthState.expires_at < func.now())
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    swept = delete(OAuthState).where(OAuthState.state_hash.in_(dead)).cte("swept")
    return Statement(
        insert(OAuthState)
        .values(
            state_hash=bindparam("state_hash"),
            browser_hash=bindparam("browser_hash"),
            verifier=bindparam("verifier"),
            next_path=bindparam("next_path"),
            purpose=bindparam("purpose"),
            session_id=bindparam("session_id", type_=Uuid),
            expires_at=func.now() + bindparam("lifetime", type_=Interval),
        )
        .add_cte(swept)
    )


_INSERT = _insert_statement()
_CONSUME = Statement(
    delete(OAuthState)
    .where(
        OAuthState.state_hash == bindparam("state_hash"),
        OAuthState.browser_hash == func.any(bindparam("browsers", type_=ARRAY(LargeBinary))),
        OAuthState.expires_at > func.now(),
    )
    .returning(OAuthState.verifier, OAuthState.next_path, OAuthState.purpose, OAuthState.session_id)
)


@dataclass(frozen=True)
class ConsumedState:
    """What a browser came back from; ``session_id`` is the one that asked for a link."""

    code_verifier: str
    next_path: str
    purpose: Purpose
    session_id: UUID | None


async def remember(
    database: Database,
    key_ring: KeyRing,
    *,
    browser: str,
    verifier: str,
    next_path: str,
    purpose: Purpose = "login",
    session_id: UUID | None = None,
) -> str:
    """Write a sign-in down, or a link for a session, and return its state."""
    state = new_token()
    state_hash = token_hash(state)
    await database.row(
        _INSERT,
        state_hash=state_hash,
        browser_hash=token_hash(browser),
        verifier=key_ring.encrypt(verifier.encode(), place=place(_COLUMN, state_hash)),
        next_path=next_path,
        purpose=purpose,
        session_id=session_id,
        lifetime=timedelta(seconds=LIFETIME_SECONDS),
    )
    return state


async def consume(
    database: Database, key_ring: KeyRing, *, state: str, browsers: Iterable[str]
) -> ConsumedState:
    """Take a sign-in out, once, for a browser that began it; raises StateRefused."""
    known = [token_hash(secret) for secret in browsers if looks_like_a_token(secret)]
    if not looks_like_a_token(state) or not known:
        raise StateRefused
    state_hash = token_hash(state)
    row = await database.row(_CONSUME, state_hash=state_hash, browsers=known)
    if row is None:
        raise StateRefused
    try:
        verifier = key_ring.decrypt(row["verifier"], place=place(_COLUMN, state_hash))
    except NotDecipherable:
        raise StateRefused from None
    return ConsumedState(verifier.decode(), row["next_path"], row["purpose"], row["session_id"])
