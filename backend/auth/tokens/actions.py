"""Access and refresh tokens for programs (RFC 6749 6, RFC 7009, RFC 9700 4.14).

A refresh token is used once; its successor is derived from it and a key of ENCRYPTION_KEYS. So a
client that lost the answer gets the very same token again, though no token is stored, and neither
a dump of the database nor a token of yesterday leads to one that works today.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from backend.auth.audit.origin import Origin
from backend.auth.crypto.access_tokens import TokenRefused
from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.side import Auth
from backend.auth.tokens import chains
from backend.auth.tokens.errors import (
    HolderBanned,
    HolderDeactivated,
    HolderMustChangePassword,
    RefreshTokenRefused,
    RefreshTokenReplayed,
    SessionEnded,
)
from backend.bridge.identity import Identity
from backend.database import Rows
from backend.errors import FaroutError
from backend.key_ring import KeyRing

_PURPOSE = b"farout refresh tokens"


@dataclass(frozen=True)
class IssuedTokens:
    """The two tokens of a program; this is the only copy of the refresh token."""

    access_token: str
    refresh_token: str
    refresh_token_expires_at: datetime


async def issue_tokens(auth: Auth, caller: Identity, *, origin: Origin) -> IssuedTokens:
    """Begin a chain of refresh tokens in the caller's session; raises SessionEnded."""
    token = new_token()
    row = await auth.database.row(
        chains.BEGIN,
        session_id=caller.session_id,
        token_hash=token_hash(token),
        **_audited(origin),
    )
    if row is None:
        raise SessionEnded
    access_token = auth.tokens.signer.sign(
        uid=caller.uid, session_id=caller.session_id, chain=row["chain"]
    )
    return IssuedTokens(access_token, token, row["expires_at"])


async def refresh_tokens(auth: Auth, token: str, *, origin: Origin) -> IssuedTokens:
    """Trade a refresh token for its successor and a new access token.

    Raises RefreshTokenRefused, RefreshTokenReplayed, SessionEnded, HolderBanned and the like.
    """
    if not looks_like_a_token(token):
        raise RefreshTokenRefused
    # The end of a replayed session has to be committed, so the refusal is raised afterwards.
    async with auth.database.rows() as rows:
        outcome = await _rotate(rows, auth, token, origin)
    if isinstance(outcome, FaroutError):
        raise outcome
    return outcome


async def revoke_token(auth: Auth, token: str, *, origin: Origin) -> None:
    """End the chain that a refresh or access token belongs to; an unknown token is no error."""
    chain = await _find_chain(auth, token)
    if chain is None:
        return
    async with auth.database.rows() as rows:
        await rows.row(chains.LOCK_CHAIN, chain=chain)
        await rows.row(chains.END_CHAIN, chain=chain, **_audited(origin))


async def _rotate(
    rows: Rows, auth: Auth, token: str, origin: Origin
) -> IssuedTokens | RefreshTokenReplayed:
    row = await _read_locked(rows, token)
    _check_holder(row)
    if row["is_replay"]:
        of_session = {"session_id": row["session_id"], "chain": row["chain"]}
        await rows.row(chains.END_SESSION, **of_session, **_audited(origin))
        return RefreshTokenReplayed()
    if row["is_used"]:
        return _issued(auth, row, _successor_again(auth.key_ring, token, row))
    successor = next(_successors(auth.key_ring, token, row))
    link = {"chain": row["chain"], "of_counter": row["counter"]}
    await rows.row(chains.ROTATE, token_hash=token_hash(successor), **link, **_audited(origin))
    return _issued(auth, row, successor)


async def _read_locked(rows: Rows, token: str) -> asyncpg.Record:
    presented = token_hash(token)
    await rows.row(chains.LOCK, token_hash=presented)
    row = await rows.row(chains.READ, token_hash=presented)
    if row is None:
        raise RefreshTokenRefused
    return row


def _audited(origin: Origin) -> dict[str, str | None]:
    return {"ip": origin.ip, "request_id": origin.request_id}


def _check_holder(row: asyncpg.Record) -> None:
    """Refuse in the order in which a person would want to know."""
    if not row["is_active"]:
        raise HolderDeactivated
    if not row["is_not_banned"]:
        raise HolderBanned(row["ban_reason"], row["ban_expires_at"])
    if not row["is_live"]:
        raise SessionEnded
    if row["must_change_password"]:
        raise HolderMustChangePassword


def _successor_again(key_ring: KeyRing, token: str, row: asyncpg.Record) -> str:
    """Return the successor that was given out before, also when the first key has changed since."""
    for candidate in _successors(key_ring, token, row):
        if token_hash(candidate) == row["next_hash"]:
            return candidate
    raise RefreshTokenRefused


def _successors(key_ring: KeyRing, token: str, row: asyncpg.Record) -> Iterator[str]:
    message = f"{row['chain']}|{row['counter'] + 1}|{token}".encode()
    for derived in key_ring.derive(message, purpose=_PURPOSE):
        yield base64.urlsafe_b64encode(derived).rstrip(b"=").decode()


def _issued(auth: Auth, row: asyncpg.Record, refresh_token: str) -> IssuedTokens:
    access_token = auth.tokens.signer.sign(
        uid=row["uid"], session_id=row["session_id"], chain=row["chain"]
    )
    return IssuedTokens(access_token, refresh_token, row["expires_at"])


async def _find_chain(auth: Auth, token: str) -> UUID | None:
    if looks_like_a_token(token):
        row = await auth.database.row(chains.FIND_CHAIN, token_hash=token_hash(token))
        return None if row is None else row["chain"]
    try:
        claims: dict[str, Any] = await auth.tokens.verify(token)
        return UUID(claims["chain"])
    except (TokenRefused, KeyError, TypeError, ValueError, AttributeError):
        return None
