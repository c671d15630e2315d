"""What the auth side holds about a person: which rows of which tables are theirs.

A test walks the models: a table that refers to people has its place here, or a reason in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, null, or_, select

from backend.auth.models import (
    AccountDeletion,
    AccountSecurity,
    AuditEntry,
    Challenge,
    EmailChange,
    EmailVerification,
    KnownDevice,
    Mail,
    OAuthRevocation,
    OAuthState,
    OAuthToken,
    OutboxMessage,
    Passkey,
    PasswordReset,
    RecoveryCode,
    RefreshToken,
    RegistrationCode,
    Session,
    TotpSecret,
    User,
)
from backend.own_rows import Held


@dataclass(frozen=True)
class Person:
    """Everything that rows of this side know somebody by."""

    user_id: int
    uid: UUID
    email: str | None
    discord_id: str | None


def _is_own_session(person: Person) -> ColumnElement[bool]:
    """Where an admin sits is no business of the user whom they impersonate."""
    return or_(Session.impersonator_id.is_(None), Session.impersonator_id == person.user_id)


def _if(condition: Callable[[Person], ColumnElement[bool]], column: Any) -> Callable[[Person], Any]:
    return lambda person: case((condition(person), column), else_=null())


def _acted(person: Person) -> ColumnElement[bool]:
    return func.coalesce(AuditEntry.actor_uid, AuditEntry.target_uid) == person.uid


def _concerns(person: Person) -> ColumnElement[bool]:
    return or_(AuditEntry.target_uid == person.uid, AuditEntry.target_uid.is_(None))


def _of_sessions(column: Any) -> Callable[[Person], ColumnElement[bool]]:
    return lambda person: column.in_(select(Session.id).where(Session.user_id == person.user_id))


def _by_user(model: Any, *hidden: str) -> Held[Person]:
    return Held(model, lambda person: model.user_id == person.user_id, frozenset(hidden))


HELD: tuple[Held[Person], ...] = (
    Held(User, lambda person: User.id == person.user_id, frozenset({"hashed_password"})),
    _by_user(AccountSecurity),
    _by_user(AccountDeletion),
    Held(
        Session,
        lambda person: or_(
            Session.user_id == person.user_id, Session.impersonator_id == person.user_id
        ),
        shown={
            "ip": _if(_is_own_session, Session.ip),
            "user_agent": _if(_is_own_session, Session.user_agent),
        },
    ),
    Held(RefreshToken, _of_sessions(RefreshToken.session_id)),
    _by_user(KnownDevice),
    _by_user(Passkey),
    _by_user(TotpSecret),
    _by_user(RecoveryCode),
    _by_user(Challenge),
    _by_user(OAuthToken, "key_id"),
    Held(OAuthRevocation, lambda person: OAuthRevocation.discord_id == person.discord_id),
    Held(OAuthState, _of_sessions(OAuthState.session_id)),
    _by_user(EmailChange),
    _by_user(EmailVerification),
    _by_user(PasswordReset),
    Held(
        Mail,
        lambda person: or_(
            Mail.user_id == person.user_id,
            func.lower(Mail.recipient) == func.lower(person.email),
        ),
    ),
    Held(RegistrationCode, lambda person: RegistrationCode.created_by == person.uid),
    # An address in the log is that of whoever acted, the details are about whom it was done to.
    Held(
        AuditEntry,
        lambda person: or_(AuditEntry.actor_uid == person.uid, AuditEntry.target_uid == person.uid),
        shown={
            "ip": _if(_acted, AuditEntry.ip),
            "details": _if(_concerns, AuditEntry.details),
        },
    ),
    Held(OutboxMessage, lambda person: OutboxMessage.uid == person.uid),
)

# Why a table that refers to people is not in the download.
NOT_SHOWN = {
    "kept_bans": "What is left of a ban when its account is erased; nobody is signed in to that.",
}
