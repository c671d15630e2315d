"""Putting mails into the queue, in the transaction that needs them."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.mail.errors import MailNotConfigured
from backend.auth.mail.letters import Kind, write_letter
from backend.auth.models import Mail, User
from backend.auth.settings import AuthSettings
from backend.auth.side import Auth
from backend.key_ring import place

DAY_SECONDS = 86_400
NOT_SENT = "not_sent"


def require_mail(settings: AuthSettings) -> None:
    """Raise MailNotConfigured where mails cannot go out."""
    if not settings.can_send_mail:
        raise MailNotConfigured


async def queue_mail(
    db: AsyncSession,
    auth: Auth,
    kind: Kind,
    *,
    to: str,
    user_id: int | None,
    useful_seconds: int = DAY_SECONDS,
    is_sent: bool = True,
    **values: str | int,
) -> None:
    """Queue a mail; it goes out when the transaction has committed, or never if it does not.

    With ``is_sent`` false it only takes the time of one: the mail is deleted instead of sent.
    """
    identifier = uuid4()
    letter = write_letter(kind, site=auth.settings.public_url, **values)
    await db.execute(
        insert(Mail).values(
            id=identifier,
            user_id=user_id,
            kind=kind if is_sent else NOT_SENT,
            recipient=to,
            body=auth.key_ring.encrypt(letter.to_json(), place=body_place(identifier)),
            expires_at=func.now() + timedelta(seconds=useful_seconds),
        )
    )


async def tell_owner(
    db: AsyncSession, auth: Auth, user: User, kind: Kind, *, due: str = ""
) -> None:
    """Tell somebody by mail what happened to their account, where mail can be sent."""
    if user.email is not None and auth.settings.can_send_mail:
        await queue_mail(
            db, auth, kind, to=user.email, user_id=user.id, username=user.username, due=due
        )


def body_place(identifier: UUID) -> bytes:
    """Say what an encrypted text is bound to."""
    return place("mails.body", identifier)
