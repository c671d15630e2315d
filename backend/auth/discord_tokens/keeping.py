"""Writing Discord's tokens down: encrypted, for the row and the column in which they stand."""

from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Interval,
    LargeBinary,
    String,
    bindparam,
    func,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from backend.auth.models import OAuthToken
from backend.database import Rows, Statement
from backend.discord.tokens import DiscordTokens
from backend.key_ring import KeyRing, place

ACCESS = "oauth_tokens.access_token"
REFRESH = "oauth_tokens.refresh_token"


def kept() -> CTE:
    """Return the writing of the tokens as a part of a statement; it wants ``kept_values``."""
    new = insert(OAuthToken).values(
        user_id=bindparam("tokens_of", type_=BigInteger),
        access_token=bindparam("access_token", type_=LargeBinary),
        refresh_token=bindparam("refresh_token", type_=LargeBinary),
        scopes=bindparam("scopes", type_=ARRAY(String)),
        key_id=bindparam("key_id", type_=String),
        obtained_at=func.clock_timestamp(),
        expires_at=func.clock_timestamp() + bindparam("tokens_live", type_=Interval),
    )
    replaced = {
        name: new.excluded[name] for name in ("access_token", "refresh_token", "scopes", "key_id")
    }
    return (
        new.on_conflict_do_update(
            index_elements=[OAuthToken.user_id],
            set_=replaced
            | {
                "obtained_at": new.excluded.obtained_at,
                "expires_at": new.excluded.expires_at,
                "retry_at": null(),
                "dead_at": null(),
            },
        )
        .returning(OAuthToken.user_id)
        .cte("kept")
    )


def _keep_statement() -> Statement:
    writing = kept()
    return Statement(select(writing.c.user_id))


_KEEP = _keep_statement()
_REPLACE = Statement(
    update(OAuthToken)
    .where(
        OAuthToken.user_id == bindparam("tokens_of", type_=BigInteger),
        OAuthToken.obtained_at == bindparam("pair", type_=OAuthToken.obtained_at.type),
    )
    .values(
        access_token=bindparam("access_token", type_=LargeBinary),
        refresh_token=bindparam("refresh_token", type_=LargeBinary),
        scopes=bindparam("scopes", type_=ARRAY(String)),
        key_id=bindparam("key_id", type_=String),
        obtained_at=func.clock_timestamp(),
        expires_at=func.clock_timestamp() + bindparam("tokens_live", type_=Interval),
        retry_at=null(),
    )
    .returning(OAuthToken.user_id)
)


async def keep_tokens(rows: Rows, key_ring: KeyRing, user_id: int, tokens: DiscordTokens) -> None:
    """Write a user's tokens down in place of any earlier ones, for linking an account."""
    await rows.row(_KEEP, **kept_values(key_ring, user_id, tokens))


async def replace_tokens(
    rows: Rows, key_ring: KeyRing, row: asyncpg.Record, tokens: DiscordTokens
) -> bool:
    """Write refreshed tokens down, unless the pair they came from has been replaced or taken away."""
    values = kept_values(key_ring, row["user_id"], tokens)
    replaced = await rows.row(_REPLACE, pair=row["obtained_at"], **values)
    return replaced is not None


def kept_values(key_ring: KeyRing, user_id: int, tokens: DiscordTokens) -> dict[str, Any]:
    """Encrypt the tokens and return what ``kept`` wants."""
    refresh_token = tokens.refresh_token
    return {
        "tokens_of": user_id,
        "scopes": list(tokens.scopes),
        "tokens_live": timedelta(seconds=tokens.expires_in),
        "access_token": key_ring.encrypt(
            tokens.access_token.encode(), place=place(ACCESS, user_id)
        ),
        "refresh_token": refresh_token
        and key_ring.encrypt(refresh_token.encode(), place=place(REFRESH, user_id)),
        "key_id": key_ring.first,
    }


def open_access_token(key_ring: KeyRing, row: asyncpg.Record) -> str:
    """Decrypt; raises NotDecipherable."""
    where = place(ACCESS, row["user_id"])
    return key_ring.decrypt(row["access_token"], place=where).decode()


def open_refresh_token(key_ring: KeyRing, row: asyncpg.Record) -> str | None:
    """Decrypt, if there is one; raises NotDecipherable."""
    if row["refresh_token"] is None:
        return None
    where = place(REFRESH, row["user_id"])
    return key_ring.decrypt(row["refresh_token"], place=where).decode()
