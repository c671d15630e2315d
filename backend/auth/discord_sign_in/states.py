"""Sign-ins under way: one row each, bound to a browser, used once (RFC 9700 4.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Interval,
    LargeBinary,
    String,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.discord_sign_in.errors import StateRefused
from backend.auth.limits.actions import Taken, arguments, take_and_tell, taken
from backend.auth.limits.policies import DISCORD_SIGN_IN
from backend.auth.models import OAuthState
from backend.database import Database, Statement
from backend.key_ring import KeyRing, NotDecipherable, place

LIFETIME_SECONDS = 600
_COLUMN = "oauth_states.verifier"
Purpose = Literal["login", "link"]
# Each new sign-in takes a few dead ones with it, so the table stays as small as the traffic.
_SWEEP = 20


def _insert_statement(*, limited: bool) -> Statement:
    dead = (
        select(OAuthState.state_hash)
        .where(OAuthState.expires_at < func.now())
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    swept = delete(OAuthState).where(OAuthState.state_hash.in_(dead)).cte("swept")
    values: dict[str, ColumnElement[Any]] = {
        "state_hash": bindparam("state_hash", type_=LargeBinary),
        "browser_hash": bindparam("browser_hash", type_=LargeBinary),
        "verifier": bindparam("verifier", type_=LargeBinary),
        "next_path": bindparam("next_path", type_=String),
        "purpose": bindparam("purpose", type_=String),
        "session_id": bindparam("session_id", type_=Uuid),
        "expires_at": func.now() + bindparam("lifetime", type_=Interval),
    }
    if not limited:
        return Statement(insert(OAuthState).values(values).add_cte(swept))
    # One round trip for the limit and the row.
    limit = take_and_tell().cte("taken")
    new = select(*values.values()).select_from(limit).where(limit.c.fits)
    written = insert(OAuthState).from_select(list(values), new).cte("written")
    return Statement(select(limit.c.fits, limit.c.ahead).add_cte(written, swept))


_INSERT = _insert_statement(limited=False)
_INSERT_WITHIN_LIMIT = _insert_statement(limited=True)
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


@dataclass(frozen=True)
class Remembered:
    """The state of a sign-in, and where its network stands; None where nothing is limited."""

    state: str
    taken: Taken | None


async def remember(
    database: Database,
    key_ring: KeyRing,
    *,
    browser: str,
    verifier: str,
    next_path: str,
    purpose: Purpose = "login",
    session_id: UUID | None = None,
    network: str | None = None,
) -> Remembered:
    """Write a sign-in down, or a link for a session, unless ``network`` began too many.

    Without ``network`` nothing is limited.
    """
    state = new_token()
    state_hash = token_hash(state)
    limit = {} if network is None else arguments(DISCORD_SIGN_IN, network)
    row = await database.row(
        _INSERT if network is None else _INSERT_WITHIN_LIMIT,
        state_hash=state_hash,
        browser_hash=token_hash(browser),
        verifier=key_ring.encrypt(verifier.encode(), place=place(_COLUMN, state_hash)),
        next_path=next_path,
        purpose=purpose,
        session_id=session_id,
        lifetime=timedelta(seconds=LIFETIME_SECONDS),
        **limit,
    )
    return Remembered(state, None if row is None else taken(DISCORD_SIGN_IN, row))


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
