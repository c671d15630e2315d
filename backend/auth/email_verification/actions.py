"""Confirming the address of a registration. Until then it is a claim, and belongs to nobody."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import Origin
from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.email_verification.errors import (
    EmailAlreadyVerified,
    EmailTaken,
    VerificationJustSent,
    VerificationRefused,
)
from backend.auth.email_verification.queries import count_claims, find_owner
from backend.auth.mail.actions import DAY_SECONDS, queue_mail, require_mail
from backend.auth.mail.recipients import may_write_to, require_room_in
from backend.auth.models import AccountSecurity, EmailVerification, User
from backend.auth.side import Auth
from backend.bridge.identity import Identity

_RESEND_AFTER = timedelta(minutes=1)
# So that nobody is flooded with mails by registrations in their name.
_MOST_CLAIMS_WITH_MAIL = 5


async def begin_verification(
    db: AsyncSession, auth: Auth, user_id: int, email: str, *, role: str
) -> None:
    """Let a new account claim an address, and write to it; confirmed, it has the ``role``.

    If the address is somebody's already, they are told instead, and nobody else can tell.
    """
    is_new = await count_claims(db, email) < _MOST_CLAIMS_WITH_MAIL
    may_write = is_new and await may_write_to(db, auth, email, about="address")
    token = new_token()
    db.add(
        EmailVerification(
            user_id=user_id,
            email=email,
            role=role,
            token_hash=token_hash(token),
            expires_at=func.now() + timedelta(seconds=DAY_SECONDS),
        )
    )
    if may_write:
        await _write_to(db, auth, user_id, email, token)


async def send_again(auth: Auth, caller: Identity, *, origin: Origin) -> None:
    """Send a new link; the old one stops to work. Once a minute at most."""
    require_mail(auth.settings)
    token = new_token()
    async with auth.database.transaction() as db:
        claim = await db.get(EmailVerification, caller.user_id, with_for_update=True)
        if claim is None:
            raise EmailAlreadyVerified
        now = (await db.execute(select(func.now()))).scalar_one()
        if claim.sent_at > now - _RESEND_AFTER:
            raise VerificationJustSent
        await require_room_in(db, auth, claim.email, about="address")
        claim.token_hash = token_hash(token)
        claim.sent_at = now
        claim.expires_at = now + timedelta(seconds=DAY_SECONDS)
        await _write_to(db, auth, caller.user_id, claim.email, token)
        record(db, "email.verification_sent", actor=caller.uid, target=caller.uid, origin=origin)


async def verify_email(auth: Auth, token: str, *, origin: Origin) -> None:
    """Confirm the address that a link was sent to; raises VerificationRefused, EmailTaken."""
    if not looks_like_a_token(token):
        raise VerificationRefused
    used = (
        delete(EmailVerification)
        .where(
            EmailVerification.token_hash == token_hash(token),
            EmailVerification.expires_at > func.now(),
        )
        .returning(EmailVerification.user_id, EmailVerification.email, EmailVerification.role)
    )
    async with auth.database.transaction() as db:
        claim = (await db.execute(used)).one_or_none()
        if claim is None:
            raise VerificationRefused
        uid = await give_email(db, claim.user_id, claim.email)
        if claim.role != "member":
            await db.execute(update(User).where(User.id == claim.user_id).values(role=claim.role))
        record(db, "email.verified", actor=uid, target=uid, origin=origin, role=claim.role)


async def give_email(db: AsyncSession, user_id: int, email: str) -> UUID:
    """Make a confirmed address a user's own and return their uid; raises EmailTaken."""
    user = await db.get_one(User, user_id, with_for_update=True)
    owner = await find_owner(db, email)
    if owner is not None and owner.id != user_id:
        raise EmailTaken
    user.email = email
    try:
        await db.flush()
    except IntegrityError:
        raise EmailTaken from None
    verified = (
        update(AccountSecurity)
        .where(AccountSecurity.user_id == user_id)
        .values(email_verified_at=func.now())
        .returning(AccountSecurity.uid)
    )
    return (await db.execute(verified)).scalar_one()


async def _write_to(db: AsyncSession, auth: Auth, user_id: int, email: str, token: str) -> None:
    owner = await find_owner(db, email)
    if owner is not None and owner.email is not None:
        await queue_mail(
            db, auth, "already_registered", to=owner.email, user_id=owner.id,
            username=owner.username,
        )  # fmt: skip
    else:
        await queue_mail(
            db, auth, "verify_email", to=email, user_id=user_id,
            link=f"{auth.settings.public_url}/verify-email?token={token}",
        )  # fmt: skip
