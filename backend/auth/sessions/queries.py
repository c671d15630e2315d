"""Reading sessions. ``find_identity_*`` is the session check: one prepared statement."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.auth.models import (
    AccountDeletion,
    AccountSecurity,
    EmailVerification,
    RefreshToken,
    Session,
    User,
)
from backend.auth.sessions.errors import SessionNotFound
from backend.bridge.errors import AccountBanned
from backend.bridge.identity import Identity
from backend.database import Database, Rows, Statement

# How stale last_seen_at may get before a session check writes it again.
_SEEN_AGAIN_AFTER: ColumnElement[timedelta] = literal_column("interval '5 minutes'")
IDLE = timedelta(days=3)
_IDLE: ColumnElement[timedelta] = literal_column(f"interval '{IDLE.days} days'")


_Impersonator, _ImpersonatorSecurity = aliased(User), aliased(AccountSecurity)


def is_not_banned(account: type[AccountSecurity] = AccountSecurity) -> ColumnElement[bool]:
    """No ban, or one that has run out by the database's clock."""
    return or_(account.banned_at.is_(None), account.ban_expires_at <= func.now())


def is_live() -> ColumnElement[bool]:
    """Not ended, not past its time, and used within the last three days."""
    return and_(
        Session.revoked_at.is_(None),
        Session.expires_at > func.now(),
        Session.last_seen_at > func.now() - _IDLE,
    )


def _chain_is_there() -> ColumnElement[bool]:
    """The program that holds the token has not given it back; a token may be of no chain."""
    chain = bindparam("chain", type_=Uuid)
    link = exists().where(RefreshToken.chain == chain, RefreshToken.session_id == Session.id)
    return or_(chain.is_(None), link)


def may_still_impersonate() -> ColumnElement[bool]:
    """For the user's own sessions always; else as long as the admin is one and the user is none."""
    return or_(
        Session.impersonator_id.is_(None),
        and_(
            _Impersonator.role == "admin",
            _Impersonator.is_active,
            is_not_banned(_ImpersonatorSecurity),
            User.role != "admin",
        ),
    )


def _identity_where(condition: ColumnElement[bool]) -> Statement:
    return Statement(
        select(
            Session.id.label("session_id"),
            Session.created_at,
            Session.expires_at,
            Session.elevated_until,
            (Session.last_seen_at < func.now() - _SEEN_AGAIN_AFTER).label("is_stale"),
            User.id.label("user_id"),
            User.username,
            User.role,
            User.discord_id,
            User.avatar,
            User.email,
            User.must_change_password,
            AccountSecurity.uid,
            exists().where(EmailVerification.user_id == User.id).label("must_verify_email"),
            AccountDeletion.due_at.label("deletion_due_at"),
            _ImpersonatorSecurity.uid.label("impersonator_uid"),
            _Impersonator.username.label("impersonator"),
        )
        .join(User, User.id == Session.user_id)
        .join(AccountSecurity, AccountSecurity.user_id == User.id)
        .outerjoin(AccountDeletion, AccountDeletion.user_id == User.id)
        .outerjoin(_Impersonator, _Impersonator.id == Session.impersonator_id)
        .outerjoin(_ImpersonatorSecurity, _ImpersonatorSecurity.user_id == Session.impersonator_id)
        .where(condition, is_live(), User.is_active, is_not_banned(), may_still_impersonate())
    )


_BY_TOKEN = _identity_where(Session.token_hash == bindparam("token_hash"))
_BY_ID = _identity_where(
    (Session.id == bindparam("session_id", type_=Uuid))
    & (AccountSecurity.uid == bindparam("uid", type_=Uuid))
    & _chain_is_there()
)

_BAN = Statement(
    select(AccountSecurity.ban_reason, AccountSecurity.ban_expires_at).where(
        AccountSecurity.user_id == bindparam("of_user")
    )
)


def _ban_where(condition: ColumnElement[bool]) -> Statement:
    """The ban that is in force on the user of a session, if that is what ended it."""
    ended_by_it = or_(Session.revoked_at.is_(None), Session.revoked_reason == "banned")
    return Statement(
        select(AccountSecurity.ban_reason, AccountSecurity.ban_expires_at)
        .join(Session, Session.user_id == AccountSecurity.user_id)
        .where(
            condition,
            ended_by_it,
            Session.expires_at > func.now(),
            ~func.coalesce(is_not_banned(), False),
        )
    )


_BAN_BY_TOKEN = _ban_where(Session.token_hash == bindparam("token_hash"))
_BAN_BY_ID = _ban_where(
    (Session.id == bindparam("session_id", type_=Uuid))
    & (AccountSecurity.uid == bindparam("uid", type_=Uuid))
)


async def find_identity_by_token(
    database: Database, token_hash: bytes
) -> tuple[Identity, bool] | None:
    """Return who a cookie belongs to, and whether its last use should be written down again.

    Raises AccountBanned if it was theirs until they were banned.
    """
    row = await database.row(_BY_TOKEN, token_hash=token_hash)
    if row is None:
        _refuse_if_banned(await database.row(_BAN_BY_TOKEN, token_hash=token_hash))
        return None
    return _identity(row), row["is_stale"]


async def find_identity_by_session(
    database: Database, session_id: UUID, uid: UUID, *, chain: UUID | None = None
) -> tuple[Identity, bool] | None:
    """The same for an access token, which names its session and its user."""
    row = await database.row(_BY_ID, session_id=session_id, uid=uid, chain=chain)
    if row is None:
        _refuse_if_banned(await database.row(_BAN_BY_ID, session_id=session_id, uid=uid))
        return None
    return _identity(row), row["is_stale"]


def _refuse_if_banned(ban: asyncpg.Record | None) -> None:
    if ban is not None:
        raise AccountBanned(ban["ban_reason"], ban["ban_expires_at"])


async def list_live_sessions(db: AsyncSession, user_id: int) -> Sequence[Session]:
    """Return a person's sessions that still work, the newest first."""
    sessions = (
        select(Session)
        .where(Session.user_id == user_id, is_live())
        .order_by(Session.id.desc())
        .limit(200)
    )
    return (await db.scalars(sessions)).all()


async def find_ban(rows: Rows, user_id: int) -> AccountBanned:
    """Return the ban of a user in words, to be raised."""
    row = await rows.row(_BAN, of_user=user_id)
    return AccountBanned(row["ban_reason"], row["ban_expires_at"]) if row else AccountBanned()


async def get_live_session(db: AsyncSession, user_id: int, session_id: UUID) -> Session:
    """Return one of a person's own sessions, locked; raises SessionNotFound for anybody else's."""
    found = select(Session).where(Session.id == session_id, Session.user_id == user_id, is_live())
    session = await db.scalar(found.with_for_update())
    if session is None:
        raise SessionNotFound
    return session


def _identity(row: asyncpg.Record) -> Identity:
    return Identity(
        uid=row["uid"],
        user_id=row["user_id"],
        session_id=row["session_id"],
        username=row["username"],
        role=row["role"],
        discord_id=row["discord_id"],
        avatar=row["avatar"],
        email=row["email"],
        must_change_password=row["must_change_password"],
        session_created_at=row["created_at"],
        session_expires_at=row["expires_at"],
        must_verify_email=row["must_verify_email"],
        impersonator_uid=row["impersonator_uid"],
        impersonator=row["impersonator"],
        deletion_due_at=row["deletion_due_at"],
        elevated_until=row["elevated_until"],
    )
