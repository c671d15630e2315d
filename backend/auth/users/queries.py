from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import AccountDeletion, AccountSecurity, User
from backend.auth.sessions.queries import is_not_banned
from backend.auth.users.accounts import Account
from backend.auth.users.errors import UserNotFound
from backend.bridge.identity import Role


@dataclass(frozen=True)
class UserPage:
    """One page of users; ``last`` is where the next page goes on, if there is one."""

    accounts: Sequence[Account]
    last: tuple[str, int] | None


async def list_users(
    db: AsyncSession,
    *,
    search: str = "",
    role: Role | None = None,
    after: tuple[str, int] | None = None,
    limit: int = 50,
) -> UserPage:
    """Return users by name: those whose name begins with ``search``, or whose e-mail or Discord id it is."""
    name = func.lower(User.username)
    users = _accounts().add_columns(name).order_by(name, User.id).limit(limit + 1)
    if wanted := search.strip().lower().replace("\0", ""):
        begins = and_(name >= wanted, name < wanted + "\U0010ffff")
        exact = or_(func.lower(User.email) == wanted, User.discord_id == wanted)
        users = users.where(or_(begins, exact))
    if role is not None:
        users = users.where(User.role == role)
    if after is not None:
        users = users.where(tuple_(name, User.id) > after)
    rows = (await db.execute(users)).all()
    page = rows[:limit]
    last = (page[-1][4], page[-1][0].id) if len(rows) > limit else None
    return UserPage([Account(*row[:4]) for row in page], last)


async def get_account(db: AsyncSession, uid: UUID, *, lock: bool = False) -> Account:
    """Return a user; ``lock`` keeps them as they are until we commit. Raises UserNotFound."""
    found = _accounts().where(AccountSecurity.uid == uid)
    if lock:
        found = found.with_for_update(of=(User, AccountSecurity))
    row = (await db.execute(found)).one_or_none()
    if row is None:
        raise UserNotFound
    return Account(*row)


def _accounts() -> Select[User, AccountSecurity, bool, datetime | None]:
    is_banned = ~func.coalesce(is_not_banned(), false())
    return (
        select(User, AccountSecurity, is_banned.label("is_banned"), AccountDeletion.due_at)
        .join(AccountSecurity, AccountSecurity.user_id == User.id)
        .outerjoin(AccountDeletion, AccountDeletion.user_id == User.id)
    )


def _stays(user_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whoever has asked for the account to be deleted is not counted on any more."""
    return ~exists().where(AccountDeletion.user_id == user_id)


async def lock_user_and_admins(db: AsyncSession, uid: UUID) -> tuple[User, int]:
    """Return a user and how many other admins can sign in; all of them stay as they are.

    Everybody locks in the order of the ids, so two admins who demote each other cannot both win
    and cannot deadlock.
    """
    target = select(AccountSecurity.user_id).where(AccountSecurity.uid == uid).scalar_subquery()
    locked = (
        select(User)
        .where(or_(User.id == target, and_(User.role == "admin", User.is_active)))
        .order_by(User.id)
        .with_for_update()
    )
    users = (await db.scalars(locked)).all()
    user_id = await db.scalar(select(target))
    user = next((user for user in users if user.id == user_id), None)
    if user is None:
        raise UserNotFound
    others = [one.id for one in users if one.id != user.id and one.role == "admin"]
    # Asked after the locks are there: whoever bans an admin holds the same ones.
    able = select(func.count()).where(
        AccountSecurity.user_id.in_(others), is_not_banned(), _stays(AccountSecurity.user_id)
    )
    return user, await db.scalar(able) or 0


async def count_active_admins(db: AsyncSession) -> int:
    admins = (
        select(func.count(User.id))
        .join(AccountSecurity, AccountSecurity.user_id == User.id)
        .where(User.role == "admin", User.is_active, is_not_banned(), _stays(User.id))
    )
    return await db.scalar(admins) or 0
