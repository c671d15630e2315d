"""Registration codes: what they look like, and using them up."""

import re
import secrets

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.crypto.secrets import token_hash
from backend.auth.models import RegistrationCode
from backend.auth.registration.errors import CodeRefused

# Without characters that are taken for one another; 28 of them are 138 bits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 7
_CODE = re.compile(f"[{_ALPHABET}]{{{_GROUPS * _GROUP}}}")


def new_code() -> str:
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )


def code_hash(code: str) -> bytes:
    """Return what a code is stored as, however it was typed; raises CodeRefused."""
    plain = re.sub(r"[\s-]", "", code.lower())
    if not _CODE.fullmatch(plain):
        raise CodeRefused
    return token_hash(plain)


def _is_usable(hashed: bytes) -> ColumnElement[bool]:
    return (
        (RegistrationCode.code_hash == hashed)
        & (RegistrationCode.uses < RegistrationCode.max_uses)
        & (RegistrationCode.expires_at > func.now())
        & RegistrationCode.revoked_at.is_(None)
    )


async def check_code(db: AsyncSession, code: str) -> None:
    """Raise CodeRefused for a code that cannot be used now; it is not used up by that."""
    if await db.scalar(select(RegistrationCode.id).where(_is_usable(code_hash(code)))) is None:
        raise CodeRefused


async def use_code(db: AsyncSession, code: str) -> RegistrationCode:
    """Use a code once and return it; raises CodeRefused.

    Those who use it at the same moment wait for one another here, and look again after.
    """
    used = (
        update(RegistrationCode)
        .where(_is_usable(code_hash(code)))
        .values(uses=RegistrationCode.uses + 1)
        .returning(RegistrationCode)
    )
    found = await db.scalar(used)
    if found is None:
        raise CodeRefused
    return found
