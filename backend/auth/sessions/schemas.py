from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.auth.models import Session
from backend.bridge.identity import Identity, Role


class CurrentUser(BaseModel):
    """Who is signed in. The uid is what other systems should know a person by."""

    uid: UUID
    username: str
    discord_id: str | None
    avatar: str | None
    email: str | None
    role: Role
    must_change_password: bool
    must_verify_email: bool
    deletion_due_at: datetime | None


class Impersonator(BaseModel):
    """The admin who looks at the site through the user's eyes."""

    uid: UUID
    username: str


class CurrentSessionDetails(BaseModel):
    id: UUID
    created_at: datetime
    expires_at: datetime
    elevated_until: datetime | None
    impersonator: Impersonator | None


class CurrentSession(BaseModel):
    user: CurrentUser
    session: CurrentSessionDetails


class SessionDetails(BaseModel):
    """One of a user's devices, or an admin who looks through their eyes (`impersonation`)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip: str | None
    user_agent: str | None
    method: str
    is_current: bool

    @classmethod
    def of(cls, session: Session, caller: Identity) -> "SessionDetails":
        # Where an admin sits is no business of the user whom they impersonate.
        hidden = session.impersonator_id is not None and session.user_id == caller.user_id
        return cls(
            id=session.id,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            ip=None if session.ip is None or hidden else str(session.ip),
            user_agent=None if hidden else session.user_agent,
            method=session.method,
            is_current=session.id == caller.session_id,
        )


class SessionList(BaseModel):
    items: list[SessionDetails]
    next_cursor: str | None = None


class EndedSessions(BaseModel):
    ended: int
