"""How often anybody may have an address written to: it may be a stranger's."""

import hashlib
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.limits.actions import arguments, take_and_tell, taken
from backend.auth.limits.policies import WRITTEN_TO
from backend.auth.mail.errors import TooManyMails
from backend.auth.side import Auth

# Counted apart: no heap of registrations keeps the owner's link to a new password away.
About = Literal["address", "password"]


async def may_write_to(db: AsyncSession, auth: Auth, address: str, *, about: About) -> bool:
    """Count a mail that somebody asked for; False once this mailbox has had enough of them.

    What tells owners of a change to their account is not counted, and never held back.
    """
    return await _seconds_to_wait(db, auth, address, about) == 0


async def require_room_in(db: AsyncSession, auth: Auth, address: str, *, about: About) -> None:
    """The same for somebody signed in, who may know it; raises TooManyMails."""
    seconds = await _seconds_to_wait(db, auth, address, about)
    if seconds:
        raise TooManyMails(seconds)


async def _seconds_to_wait(db: AsyncSession, auth: Auth, address: str, about: About) -> int:
    if not auth.settings.rate_limits:
        return 0
    values = arguments(WRITTEN_TO, f"{about} {_mailbox(address)}")
    row = (await db.execute(take_and_tell(), values)).mappings().one()
    found = taken(WRITTEN_TO, row)
    return 0 if found.fits else found.seconds


def _mailbox(address: str) -> str:
    """Return what stands for a mailbox; ``a+b@c`` is that of ``a@c`` at most providers."""
    local, _, host = address.lower().rpartition("@")
    return hashlib.sha256(f"{local.partition('+')[0]}@{host}".encode()).hexdigest()[:40]
