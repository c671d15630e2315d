"""The SQL of refresh tokens. What changes a chain holds the row lock of its session meanwhile."""

from datetime import timedelta

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    LargeBinary,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import aliased

from backend.auth.audit.actions import record_beside
from backend.auth.models import AccountSecurity, RefreshToken, Session, User
from backend.auth.sessions.queries import is_live, is_not_banned
from backend.database import Statement

# A client whose answer was lost asks again; within this time it gets the same successor.
_REPEATABLE_FOR: ColumnElement[timedelta] = literal_column("interval '30 seconds'")
_SWEEP = 20
_CHAIN = bindparam("chain", type_=Uuid)
_HASH = bindparam("token_hash", type_=LargeBinary)


def _begin_statement() -> Statement:
    """Insert the first token of a chain, and take a few tokens away whose time is over."""
    over = (
        select(RefreshToken.token_hash)
        .where(RefreshToken.expires_at < func.now())
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    swept = delete(RefreshToken).where(RefreshToken.token_hash.in_(over)).cte("swept")
    live = select(Session.id, _HASH, Session.expires_at).where(
        Session.id == bindparam("session_id", type_=Uuid), is_live()
    )
    begun = (
        insert(RefreshToken)
        .from_select(["session_id", "token_hash", "expires_at"], live)
        .returning(RefreshToken.chain, RefreshToken.session_id, RefreshToken.expires_at)
        .cte("begun")
    )
    recorded = record_beside(_with_user(begun), "token.issued", _details(begun))
    return Statement(select(begun.c.chain, begun.c.expires_at).add_cte(swept, recorded))


def _rotate_statement() -> Statement:
    """Mark a token used and insert its successor, which lives as long as the session at most."""
    used = (
        update(RefreshToken)
        .where(
            RefreshToken.chain == _CHAIN,
            RefreshToken.counter == bindparam("of_counter", type_=Integer),
            RefreshToken.used_at.is_(None),
        )
        .values(used_at=func.clock_timestamp())
        .returning(
            RefreshToken.chain,
            RefreshToken.counter,
            RefreshToken.session_id,
            RefreshToken.expires_at,
        )
        .cte("used")
    )
    next_one = select(used.c.chain, used.c.counter + 1, used.c.session_id, _HASH, used.c.expires_at)
    columns = ["chain", "counter", "session_id", "token_hash", "expires_at"]
    inserted = insert(RefreshToken).from_select(columns, next_one).cte("inserted")
    recorded = record_beside(_with_user(used), "token.refreshed", _details(used))
    return Statement(select(used.c.chain).add_cte(inserted, recorded))


def _end_session_statement() -> Statement:
    """End the session in which a used token came up again: one of its two holders is a thief."""
    ended = (
        update(Session)
        .where(Session.id == bindparam("session_id", type_=Uuid), is_live())
        .values(revoked_at=func.now(), revoked_reason="refresh_token_replayed")
        .returning(Session.id, Session.user_id)
        .cte("ended")
    )
    details = func.jsonb_build_object("session_id", ended.c.id, "chain", _CHAIN)
    recorded = record_beside(ended, "token.replayed", details)
    return Statement(select(ended.c.id).add_cte(recorded))


def _end_chain_statement() -> Statement:
    ended = (
        delete(RefreshToken)
        .where(RefreshToken.chain == _CHAIN)
        .returning(RefreshToken.chain, RefreshToken.session_id)
        .cte("ended")
    )
    once = select(ended.c.chain, ended.c.session_id).distinct().cte("once")
    recorded = record_beside(_with_user(once), "token.revoked", _details(once))
    return Statement(select(once.c.chain).add_cte(recorded))


def _with_user(change: CTE) -> CTE:
    """Add the ``user_id`` that an audit entry wants to a change of refresh tokens."""
    joined = select(Session.user_id).join(change, change.c.session_id == Session.id)
    return joined.cte("of_user")


def _details(change: CTE) -> ColumnElement[object]:
    of_change = select(
        func.jsonb_build_object("session_id", change.c.session_id, "chain", change.c.chain)
    )
    return of_change.scalar_subquery()


BEGIN = _begin_statement()
# Locks first and reads afterwards: the reading then sees what the one before it has committed.
LOCK = Statement(
    select(Session.id)
    .join(RefreshToken, RefreshToken.session_id == Session.id)
    .where(RefreshToken.token_hash == _HASH)
    .with_for_update(key_share=True, of=Session)
)
LOCK_CHAIN = Statement(
    select(Session.id)
    .join(RefreshToken, RefreshToken.session_id == Session.id)
    .where(RefreshToken.chain == _CHAIN)
    .limit(1)
    .with_for_update(key_share=True, of=Session)
)
_next = aliased(RefreshToken)
READ = Statement(
    select(
        RefreshToken.chain,
        RefreshToken.counter,
        RefreshToken.session_id,
        RefreshToken.expires_at,
        RefreshToken.used_at.is_not(None).label("is_used"),
        (RefreshToken.used_at < func.clock_timestamp() - _REPEATABLE_FOR).label("is_replay"),
        _next.token_hash.label("next_hash"),
        (is_live() & (RefreshToken.expires_at > func.now())).label("is_live"),
        User.is_active,
        User.must_change_password,
        is_not_banned().label("is_not_banned"),
        AccountSecurity.uid,
        AccountSecurity.ban_reason,
        AccountSecurity.ban_expires_at,
    )
    .join(Session, Session.id == RefreshToken.session_id)
    .join(User, User.id == Session.user_id)
    .join(AccountSecurity, AccountSecurity.user_id == User.id)
    .outerjoin(
        _next, (_next.chain == RefreshToken.chain) & (_next.counter == RefreshToken.counter + 1)
    )
    .where(RefreshToken.token_hash == _HASH)
)
ROTATE = _rotate_statement()
END_SESSION = _end_session_statement()
END_CHAIN = _end_chain_statement()
FIND_CHAIN = Statement(select(RefreshToken.chain).where(RefreshToken.token_hash == _HASH))
