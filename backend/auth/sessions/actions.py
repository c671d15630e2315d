"""Starting and ending sessions. The cookie's value exists here for a moment and is never stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Interval,
    Select,
    String,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record, record_beside
from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import new_token, token_hash
from backend.auth.models import AccountSecurity, Session
from backend.auth.sessions.queries import find_ban, get_live_session, is_live, is_not_banned
from backend.bridge.identity import Identity
from backend.database import Database, Rows, Statement

Method = Literal["discord", "password", "passkey", "impersonation"]

# How long a proof of who somebody is counts for sensitive actions.
ELEVATION: ColumnElement[timedelta] = literal_column("interval '10 minutes'")


@dataclass(frozen=True)
class StartedSession:
    """A new session and the one copy of its token."""

    token: str
    session_id: UUID
    uid: UUID
    version: int
    expires_at: datetime
    # Whether the session that the browser had before ended with this start.
    has_replaced: bool = False


def starting_statement(
    *beside: CTE, with_factor: bool = False, in_place_of: CTE | None = None
) -> Statement:
    """Insert the session and its audit entry, unless the account is banned: one round trip.

    What ``beside`` writes goes along with it, as the ``statement`` of a start. The entry of one
    ``with_factor`` names the second factor, which is a value of its own, and the entry of one
    ``in_place_of`` another session names that one.
    """
    method = bindparam("method", type_=Session.method.type)
    columns = [
        "user_id", "token_hash", "expires_at", "ip", "user_agent", "method", "elevated_until",
    ]  # fmt: skip
    allowed = select(
        AccountSecurity.user_id,
        bindparam("token_hash", type_=Session.token_hash.type),
        func.now() + bindparam("lifetime", type_=Interval),
        bindparam("ip", type_=Session.ip.type),
        bindparam("user_agent", type_=Session.user_agent.type),
        method,
        # Discord is one factor: whoever has a second one of ours shows it before sensitive actions.
        case(
            (AccountSecurity.mfa_enabled & (method == literal_column("'discord'")), null()),
            else_=func.now() + ELEVATION,
        ),
    ).where(AccountSecurity.user_id == bindparam("user_id"), is_not_banned())
    started = (
        insert(Session)
        .from_select(columns, allowed)
        .returning(Session.id, Session.user_id, Session.expires_at, Session.method)
        .cte("started")
    )
    told: list[Any] = ["session_id", started.c.id, "method", started.c.method]
    if with_factor:
        told += ["factor", cast(bindparam("factor"), String)]
    replaced: ColumnElement[Any] = null()
    if in_place_of is not None:
        replaced = select(in_place_of.c.id).scalar_subquery()
        told += ["replaced", replaced]
    details = func.jsonb_strip_nulls(func.jsonb_build_object(*told))
    recorded = record_beside(started, "session.started", details)
    return Statement(
        select(
            started.c.id, started.c.expires_at, replaced.label("replaced"),
            AccountSecurity.uid, AccountSecurity.version,
        )
        .join(AccountSecurity, AccountSecurity.user_id == started.c.user_id)
        .add_cte(recorded, *beside)
    )  # fmt: skip


_START = starting_statement()
START_WITH_FACTOR = starting_statement(with_factor=True)


async def start_session(
    rows: Rows,
    user_id: int,
    *,
    method: Method,
    lifetime: int,
    origin: Origin,
    statement: Statement = _START,
    **beside: object,
) -> StartedSession:
    """Start a session of ``lifetime`` seconds for a person who has just proved who they are.

    ``beside`` are the values of what the statement writes beside it. Raises AccountBanned.
    """
    token = new_token()
    row = await rows.row(
        statement,
        user_id=user_id,
        token_hash=token_hash(token),
        lifetime=timedelta(seconds=lifetime),
        ip=origin.ip,
        user_agent=origin.user_agent,
        method=method,
        request_id=origin.request_id,
        **beside,
    )
    if row is None:
        raise await find_ban(rows, user_id)
    return StartedSession(
        token, row["id"], row["uid"], row["version"], row["expires_at"], bool(row["replaced"])
    )


def _end_statement(found: Select[UUID]) -> Statement:
    ended = (
        update(Session)
        .where(Session.id.in_(found), is_live())
        .values(revoked_at=func.now(), revoked_reason=bindparam("reason"))
        .returning(Session.id, Session.user_id, Session.impersonator_id)
        .cte("ended")
    )
    details = func.jsonb_build_object("session_id", ended.c.id, "reason", bindparam("reason"))
    recorded = record_beside(ended, "session.ended", details, by=ended.c.impersonator_id)
    return Statement(select(ended.c.id).add_cte(recorded))


_END_BY_TOKEN = _end_statement(
    select(Session.id).where(Session.token_hash == bindparam("token_hash"))
)
_END_BY_ID = _end_statement(
    select(Session.id).where(Session.id == bindparam("session_id", type_=Uuid))
)


async def end_session_of_token(
    database: Database, token: str, *, reason: str, origin: Origin
) -> bool:
    """End the session that a cookie belongs to; False for an unknown or ended one."""
    ended = await database.row(
        _END_BY_TOKEN,
        token_hash=token_hash(token),
        reason=reason,
        ip=origin.ip,
        request_id=origin.request_id,
    )
    return ended is not None


async def sign_out(database: Database, session_id: UUID, *, origin: Origin) -> None:
    await database.row(
        _END_BY_ID,
        session_id=session_id,
        reason="signed_out",
        ip=origin.ip,
        request_id=origin.request_id,
    )


async def end_own_session(
    db: AsyncSession, caller: Identity, session_id: UUID, *, origin: Origin
) -> None:
    """End one of the caller's own sessions; raises SessionNotFound."""
    await end_one_session(db, caller.user_id, session_id, reason="ended_by_owner")
    record(
        db, "session.ended", actor=caller.uid, target=caller.uid, origin=origin,
        session_id=str(session_id), reason="ended_by_owner",
    )  # fmt: skip


async def end_one_session(db: AsyncSession, user_id: int, session_id: UUID, *, reason: str) -> None:
    """End one live session of a user as part of a change that writes the audit entry."""
    session = await get_live_session(db, user_id, session_id)
    session.revoked_at = await db.scalar(select(func.now()))
    session.revoked_reason = reason


async def end_other_sessions(db: AsyncSession, caller: Identity, *, origin: Origin) -> int:
    """End all of the caller's sessions but the one that asks; returns how many."""
    ended = await end_sessions_of_user(
        db, caller.user_id, reason="ended_by_owner", but=caller.session_id
    )
    record(
        db, "sessions.ended", actor=caller.uid, target=caller.uid, origin=origin,
        reason="ended_by_owner", count=ended,
    )  # fmt: skip
    return ended


async def end_sessions_of_user(
    db: AsyncSession,
    user_id: int,
    *,
    reason: str,
    but: UUID | None = None,
    begun_with: Method | None = None,
) -> int:
    """End a user's live sessions as part of another change, which writes the audit entry.

    Those in which the user impersonates somebody end with them.
    """
    ended = (
        update(Session)
        .where(or_(Session.user_id == user_id, Session.impersonator_id == user_id), is_live())
        .values(revoked_at=func.now(), revoked_reason=reason)
        .returning(Session.id)
    )
    if but is not None:
        ended = ended.where(Session.id != but)
    if begun_with is not None:
        ended = ended.where(Session.method == begun_with)
    return len((await db.scalars(ended)).all())
