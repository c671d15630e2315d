"""Acting at Discord for a person: a token that works, refreshed by one process at a time.

Discord takes a refresh token once and answers a second try with ``invalid_grant`` (Discord facts
1.7). So the refresh runs under a lock of all processes, looks again after taking it, and goes on
even if nobody waits for it any more.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import asyncpg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Interval,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from backend.auth.discord_tokens.errors import (
    DiscordNotConnected,
    DiscordPaused,
    DiscordTokenUnreadable,
)
from backend.auth.discord_tokens.keeping import (
    open_access_token,
    open_refresh_token,
    replace_tokens,
)
from backend.auth.discord_tokens.revoking import revoke_later
from backend.auth.models import OAuthToken
from backend.auth.side import Auth
from backend.database import Rows, Statement
from backend.discord.errors import DiscordAuthorizationLost, DiscordRateLimited, DiscordUnreachable
from backend.discord.tokens import DiscordTokens
from backend.key_ring import KeyRing, NotDecipherable

log = logging.getLogger(__name__)

Token = TypeVar("Token", str, str | None)

# A token that is about to end is as good as over: it has to reach Discord yet.
_SOON: ColumnElement[timedelta] = literal_column("interval '1 minute'")
_UNREACHABLE_SECONDS = 10
_OF_USER = OAuthToken.user_id == bindparam("of_user", type_=BigInteger)
_SAME_PAIR = OAuthToken.obtained_at == bindparam("pair", type_=OAuthToken.obtained_at.type)
_READ = Statement(
    select(
        OAuthToken.user_id,
        OAuthToken.access_token,
        OAuthToken.refresh_token,
        OAuthToken.obtained_at,
        OAuthToken.dead_at.is_not(None).label("is_dead"),
        (OAuthToken.expires_at > func.now() + _SOON).label("is_fresh"),
        func.ceil(func.extract("epoch", OAuthToken.retry_at - func.now())).label("wait"),
    ).where(_OF_USER)
)
_DIED = Statement(update(OAuthToken).where(_OF_USER, _SAME_PAIR).values(dead_at=func.now()))
_OVER = Statement(update(OAuthToken).where(_OF_USER, _SAME_PAIR).values(expires_at=func.now()))
_PAUSE = Statement(
    update(OAuthToken)
    .where(_OF_USER)
    .values(retry_at=func.now() + bindparam("pause", type_=Interval))
)


async def get_access_token(auth: Auth, user_id: int) -> str:
    """Return a token of Discord's that works now, refreshing it if need be.

    Raises DiscordNotConnected, DiscordAuthorizationLost, DiscordPaused and what Discord's failures
    are called elsewhere.
    """
    row = await auth.database.row(_READ, of_user=user_id)
    if row is not None and row["is_fresh"] and not row["is_dead"]:
        return _readable(open_access_token, auth, row)
    _check_may_ask(row)
    return await auth.discord_tokens.flights.fly(user_id, lambda: _refresh_alone(auth, user_id))


async def report_refused(auth: Auth, user_id: int, access_token: str) -> None:
    """Say that Discord answered 401 to a token: it is not used again, and refreshed when needed."""
    row = await auth.database.row(_READ, of_user=user_id)
    if row is not None and _readable(open_access_token, auth, row) == access_token:
        await auth.database.row(_OVER, of_user=user_id, pair=row["obtained_at"])


async def _refresh_alone(auth: Auth, user_id: int) -> str:
    async with auth.database.locked(f"oauth_tokens|{user_id}") as rows:
        row = await rows.row(_READ, of_user=user_id)
        if row is not None and row["is_fresh"] and not row["is_dead"]:
            return _readable(open_access_token, auth, row)
        return await _refresh(auth, rows, _check_may_ask(row))


async def _refresh(auth: Auth, rows: Rows, row: asyncpg.Record) -> str:
    """Ask Discord and write down what it says, whatever that is."""
    user_id = row["user_id"]
    try:
        refresh_token = _readable(open_refresh_token, auth, row)
        if refresh_token is None:
            raise DiscordAuthorizationLost
        tokens = await auth.discord_tokens.refresh(refresh_token)
    except DiscordAuthorizationLost:
        await rows.row(_DIED, of_user=user_id, pair=row["obtained_at"])
        log.info("a Discord authorization is gone", extra={"action": "discord.lost"})
        raise
    except DiscordRateLimited as limit:
        await rows.row(_PAUSE, of_user=user_id, pause=timedelta(seconds=limit.retry_after))
        raise
    except DiscordUnreachable:
        await rows.row(_PAUSE, of_user=user_id, pause=timedelta(seconds=_UNREACHABLE_SECONDS))
        raise
    if await replace_tokens(rows, auth.key_ring, row, tokens):
        return tokens.access_token
    return await _overtaken(auth, rows, user_id, tokens)


async def _overtaken(auth: Auth, rows: Rows, user_id: int, tokens: DiscordTokens) -> str:
    """While Discord was asked the person signed in again, or took the authorization back."""
    row = await rows.row(_READ, of_user=user_id)
    if row is not None:
        return _readable(open_access_token, auth, row)
    # What was given up was the token of before, which Discord does not know any more.
    await revoke_later(auth, rows, tokens.refresh_token or tokens.access_token)
    raise DiscordNotConnected


def _check_may_ask(row: asyncpg.Record | None) -> asyncpg.Record:
    """Raise what is known already, so that Discord is not asked for it again."""
    if row is None:
        raise DiscordNotConnected
    if row["is_dead"]:
        raise DiscordAuthorizationLost
    if row["wait"] is not None and row["wait"] > 0:
        raise DiscordPaused(int(row["wait"]))
    return row


def _readable(
    open_token: Callable[[KeyRing, asyncpg.Record], Token], auth: Auth, row: asyncpg.Record
) -> Token:
    """Decrypt a token. If the key is missing that is an operator's slip, and the row is kept."""
    try:
        return open_token(auth.key_ring, row)
    except NotDecipherable as error:
        log.error(
            "a Discord token cannot be read",
            extra={"action": "discord.not_readable", "reason": str(error)},
        )
        raise DiscordTokenUnreadable from None
