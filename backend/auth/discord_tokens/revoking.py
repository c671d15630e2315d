"""Ending an authorization at Discord, which ends every token of that person for this site.

Only unlinking and deleting do it. It is asked for in their transaction and told to Discord
afterwards, again and again until it is done.
"""

import logging
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Uuid,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.discord_tokens.keeping import ACCESS, REFRESH
from backend.auth.models import OAuthRevocation, OAuthToken, User
from backend.auth.side import Auth
from backend.database import Rows, Statement
from backend.errors import FaroutError, Unavailable
from backend.key_ring import NotDecipherable, place

log = logging.getLogger(__name__)

COLUMN = "oauth_revocations.token"
_ATTEMPTS = 20
# 1, 2, 4 … minutes, 6 hours at most: some four days in all.
_AGAIN_IN: ColumnElement[timedelta] = func.least(
    literal_column("interval '1 minute'") * func.power(2, OAuthRevocation.attempts),
    literal_column("interval '6 hours'"),
)


async def give_up_tokens(auth: Auth, db: AsyncSession, user_id: int) -> None:
    """Forget a user's tokens and have them revoked at Discord after the commit.

    For unlinking and deleting: call it while ``users.discord_id`` is still there, and
    ``revoke_given_up`` after the commit; what that cannot finish, others will.
    """
    gone = delete(OAuthToken).where(OAuthToken.user_id == user_id).returning(OAuthToken)
    kept = await db.scalar(gone)
    if kept is None or kept.dead_at is not None:
        return
    column, value = (
        (REFRESH, kept.refresh_token) if kept.refresh_token else (ACCESS, kept.access_token)
    )
    try:
        token = auth.key_ring.decrypt(value, place=place(column, user_id))
    except NotDecipherable:
        log.error("a Discord token cannot be read", extra={"action": "discord.not_revoked"})
        return
    discord_id = await db.scalar(select(User.discord_id).where(User.id == user_id))
    db.add(OAuthRevocation(discord_id=discord_id, **_sealed(auth, token.decode())))


async def revoke_later(auth: Auth, rows: Rows, token: str) -> None:
    """Have a token revoked at Discord that belongs to nobody here any more."""
    await rows.row(_INSERT, **_sealed(auth, token))


def _sealed(auth: Auth, token: str) -> dict[str, Any]:
    new_id = uuid.uuid4()
    return {
        "id": new_id,
        "token": auth.key_ring.encrypt(token.encode(), place=place(COLUMN, new_id)),
    }


def _claim_statement() -> Statement:
    """Take the revocation that is due longest; others leave it alone until its next attempt."""
    due = (
        select(OAuthRevocation.id)
        .where(OAuthRevocation.next_attempt_at <= func.now())
        .order_by(OAuthRevocation.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    is_back = exists().where(
        User.discord_id == OAuthRevocation.discord_id, OAuthToken.user_id == User.id
    )
    return Statement(
        update(OAuthRevocation)
        .where(OAuthRevocation.id == due)
        .values(attempts=OAuthRevocation.attempts + 1, next_attempt_at=func.now() + _AGAIN_IN)
        .returning(
            OAuthRevocation.id,
            OAuthRevocation.token,
            OAuthRevocation.attempts,
            is_back.label("is_back"),
        )
    )


_CLAIM = _claim_statement()
_INSERT = Statement(
    insert(OAuthRevocation).values(
        id=bindparam("id", type_=Uuid), token=bindparam("token", type_=LargeBinary)
    )
)
_DONE = Statement(
    delete(OAuthRevocation).where(OAuthRevocation.id == bindparam("done", type_=Uuid))
)


async def revoke_given_up(auth: Auth) -> int:
    """Tell Discord of every revocation that is due; returns how many are done with."""
    done = 0
    while (row := await auth.database.row(_CLAIM)) is not None:
        try:
            await _revoke(auth, row)
        except Unavailable:
            return done
        except FaroutError as error:
            log.error("not revoked", extra={"action": "discord.not_revoked", "code": error.code})
            if row["attempts"] < _ATTEMPTS:
                continue
        await auth.database.row(_DONE, done=row["id"])
        done += 1
    return done


async def _revoke(auth: Auth, row: asyncpg.Record) -> None:
    if row["is_back"]:
        return
    try:
        token = auth.key_ring.decrypt(row["token"], place=place(COLUMN, row["id"]))
    except NotDecipherable:
        log.error("a Discord token cannot be read", extra={"action": "discord.not_revoked"})
        return
    await auth.discord_tokens.revoke(token.decode())
    log.info("a Discord authorization was revoked", extra={"action": "discord.revoked"})
