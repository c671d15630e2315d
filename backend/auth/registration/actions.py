"""Registering, and the codes that open it. Whether an address has an account shows nowhere."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.audit.actions import record
from backend.auth.audit.origin import AT_A_SHELL, Origin
from backend.auth.email_verification.actions import begin_verification
from backend.auth.email_verification.addresses import check_email
from backend.auth.mail.actions import require_mail
from backend.auth.models import AccountSecurity, EmailVerification, RegistrationCode, User
from backend.auth.passwords.policy import check_password
from backend.auth.registration.codes import check_code, code_hash, new_code, use_code
from backend.auth.registration.errors import (
    CodeNotFound,
    CodeRefused,
    RegistrationClosed,
    UsernameTaken,
)
from backend.auth.registration.names import check_username
from backend.auth.side import Auth
from backend.bridge.identity import Role

# Each registration takes a few with it that nobody confirmed for a week, so names come free again.
_STALE: ColumnElement[timedelta] = literal_column("interval '7 days'")
_SWEEP = 20


async def register(
    auth: Auth, *, username: str, email: str, password: str, code: str | None, origin: Origin
) -> None:
    """Make an account that waits for its address to be confirmed, and write to that address.

    An address that somebody has is claimed like any other; the mail goes to its owner and says so.
    """
    if auth.settings.registration_mode == "closed":
        raise RegistrationClosed
    require_mail(auth.settings)
    name, address = check_username(username), check_email(email)
    check_password(password, personal=(name, address))
    if code:
        async with auth.database.transaction() as db:
            await check_code(db, code)
    elif auth.settings.registration_mode == "code":
        raise CodeRefused
    hashed = await auth.passwords.hash(password)
    async with auth.database.transaction() as db:
        used = await use_code(db, code) if code else None
        user_id, uid = await _add_user(db, name, hashed)
        role = used.role if used else "member"
        await begin_verification(db, auth, user_id, address, role=role)
        await _drop_stale(db)
        record(
            db, "user.registered", actor=uid, target=uid, origin=origin,
            code_id=str(used.id) if used else None,
        )  # fmt: skip


async def make_code(
    db: AsyncSession,
    *,
    role: Role = "member",
    max_uses: int = 1,
    days: int = 7,
    note: str = "",
    by: UUID | None,
    origin: Origin = AT_A_SHELL,
) -> tuple[str, RegistrationCode]:
    """Make a registration code and return the one copy of it; ``by`` is None at a shell."""
    code = new_code()
    made = RegistrationCode(
        code_hash=code_hash(code),
        role=role,
        max_uses=max_uses,
        note=note,
        created_by=by,
        expires_at=func.now() + timedelta(days=days),
    )
    db.add(made)
    await db.flush()
    await db.refresh(made)
    record(
        db, "registration_code.made", actor=by, target=None, origin=origin,
        code_id=str(made.id), role=role, max_uses=max_uses,
    )  # fmt: skip
    return code, made


async def revoke_code(
    db: AsyncSession, code_id: int, *, by: UUID | None, origin: Origin = AT_A_SHELL
) -> None:
    """Let a code open nothing any more; raises CodeNotFound, also if it was revoked before."""
    code = await db.get(RegistrationCode, code_id, with_for_update=True)
    if code is None or code.revoked_at is not None:
        raise CodeNotFound
    code.revoked_at = (await db.execute(select(func.now()))).scalar_one()
    record(
        db, "registration_code.revoked", actor=by, target=None, origin=origin, code_id=str(code_id)
    )


async def _add_user(db: AsyncSession, name: str, hashed: str) -> tuple[int, UUID]:
    held = select(User.id).where(func.lower(User.username) == name)
    if await db.scalar(held.limit(1)) is not None:
        raise UsernameTaken
    added = (
        insert(User)
        .values(username=name, hashed_password=hashed)
        .on_conflict_do_nothing(index_elements=[User.username])
        .returning(User.id)
    )
    user_id = await db.scalar(added)
    if user_id is None:
        raise UsernameTaken
    of_user = select(AccountSecurity.uid).where(AccountSecurity.user_id == user_id)
    return user_id, (await db.execute(of_user)).scalar_one()


async def _drop_stale(db: AsyncSession) -> None:
    stale = (
        select(EmailVerification.user_id)
        .where(EmailVerification.created_at < func.now() - _STALE)
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    await db.execute(delete(User).where(User.id.in_(stale), User.email.is_(None)))
