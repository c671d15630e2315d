"""What admins do with users. The last active admin stays one, whoever asks at the same moment."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL, Origin
from backend.auth.factors.actions import remove_all_factors
from backend.auth.models import AccountSecurity, User
from backend.auth.passwords.errors import NoPassword
from backend.auth.passwords.policy import check_password
from backend.auth.sessions.actions import end_one_session, end_sessions_of_user
from backend.auth.settings import WELL_KNOWN_ADMIN_PASSWORD, AuthSettings
from backend.auth.side import Auth
from backend.auth.users.errors import LastAdmin
from backend.auth.users.queries import count_active_admins, get_account, lock_user_and_admins
from backend.bridge.identity import Role

# Two starters must not make two admins.
_ADMIN_LOCK = 0xAD314


async def change_user(
    auth: Auth,
    uid: UUID,
    *,
    role: Role | None = None,
    is_active: bool | None = None,
    by: UUID | None,
    origin: Origin = AT_A_SHELL,
) -> User:
    """Change a user's role, or deactivate or reactivate them; deactivating ends their sessions.

    ``by`` is the admin, None for an operator at a shell. Raises UserNotFound, LastAdmin.
    """
    async with auth.database.transaction() as db:
        user, other_admins = await lock_user_and_admins(db, uid)
        was_admin = user.role == "admin" and user.is_active
        stays_admin = (role or user.role) == "admin" and is_active is not False
        if was_admin and not stays_admin and other_admins == 0:
            raise LastAdmin
        changes: dict[str, Any] = {}
        if role is not None and role != user.role:
            changes |= {"before": user.role, "after": role}
            user.role = role
        if is_active is not None and is_active != user.is_active:
            changes |= await _set_active(db, user, is_active=is_active)
        if changes:
            record(db, _action(changes), actor=by, target=uid, origin=origin, **changes)
    return user


async def _set_active(db: AsyncSession, user: User, *, is_active: bool) -> dict[str, Any]:
    """Return what the audit entry says of it."""
    user.is_active = is_active
    if is_active:
        return {"is_active": True}
    ended = await end_sessions_of_user(db, user.id, reason="deactivated")
    return {"is_active": False, "ended_sessions": ended}


def _action(changes: dict[str, Any]) -> str:
    """Return what the audit log calls them; a request is one entry, also if it changes both."""
    if "after" not in changes:
        return "user.reactivated" if changes["is_active"] else "user.deactivated"
    return "user.changed" if "is_active" in changes else "user.role_changed"


async def require_password_change(
    auth: Auth, uid: UUID, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> None:
    """Close everything but the change of the password to a user; raises UserNotFound, NoPassword."""
    async with auth.database.transaction() as db:
        account = await get_account(db, uid, lock=True)
        if account.user.hashed_password is None:
            raise NoPassword
        account.user.must_change_password = True
        record(db, "user.password_change_required", actor=by, target=uid, origin=origin)


async def end_session(
    auth: Auth, uid: UUID, session_id: UUID, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> None:
    """End one session of a user; raises UserNotFound, SessionNotFound."""
    async with auth.database.transaction() as db:
        account = await get_account(db, uid)
        await end_one_session(db, account.user.id, session_id, reason="ended_by_admin")
        record(
            db, "session.ended", actor=by, target=uid, origin=origin,
            session_id=str(session_id), reason="ended_by_admin",
        )  # fmt: skip


async def end_all_sessions(
    auth: Auth, uid: UUID, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> int:
    """End every session of a user; returns how many. Raises UserNotFound."""
    async with auth.database.transaction() as db:
        account = await get_account(db, uid, lock=True)
        ended = await end_sessions_of_user(db, account.user.id, reason="ended_by_admin")
        record(
            db, "sessions.ended", actor=by, target=uid, origin=origin,
            reason="ended_by_admin", count=ended,
        )  # fmt: skip
    return ended


async def remove_factors(
    auth: Auth, uid: UUID, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> None:
    """Remove the second factors and passkeys of somebody who lost them; raises UserNotFound."""
    async with auth.database.transaction() as db:
        account = await get_account(db, uid, lock=True)
        await remove_all_factors(db, account.user.id)
        record(db, "factors.removed", actor=by, target=uid, origin=origin)


@dataclass(frozen=True)
class SeededAdmin:
    """A new admin; ``password`` is there only if it was generated and has to be shown now."""

    username: str
    password: str | None


async def ensure_admin(auth: Auth) -> SeededAdmin | None:
    """Make the first admin unless there is an active one; they must change the password."""
    chosen = _chosen_password(auth.settings)
    password = chosen or secrets.token_urlsafe(12)
    hashed = await auth.passwords.hash(password)
    async with auth.database.transaction() as db:
        await db.execute(select(func.pg_advisory_xact_lock(_ADMIN_LOCK)))
        if await count_active_admins(db) > 0:
            return None
        username = await _free_username(db, auth.settings.admin_username)
        email_taken = await db.scalar(
            select(User.id).where(func.lower(User.email) == auth.settings.admin_email.lower())
        )
        admin = User(
            username=username,
            email=None if email_taken else auth.settings.admin_email,
            hashed_password=hashed,
            role="admin",
            must_change_password=True,
        )
        db.add(admin)
        await db.flush()
        uid = await db.scalar(
            select(AccountSecurity.uid).where(AccountSecurity.user_id == admin.id)
        )
        record(db, "admin.seeded", actor=None, target=uid, origin=AT_A_SHELL)
    return SeededAdmin(username, None if chosen else password)


def _chosen_password(settings: AuthSettings) -> str | None:
    if settings.admin_password is None:
        return None
    password = settings.admin_password.get_secret_value()
    if password != WELL_KNOWN_ADMIN_PASSWORD:
        check_password(password, personal=(settings.admin_username, settings.admin_email))
    return password


async def _free_username(db: AsyncSession, wanted: str) -> str:
    """Return the name, or ``name-2`` and so on if a Discord user got there first."""
    name, number = wanted, 1
    while await db.scalar(select(User.id).where(User.username == name)):
        number += 1
        name = f"{wanted}-{number}"
    return name
