"""Ten codes for whoever lost their second factor: 120 random bits each, stored as SHA-256."""

import base64
import hashlib
import secrets

from sqlalchemy import delete, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import RecoveryCode

COUNT = 10
_BYTES = 15
_LETTERS = _BYTES * 8 // 5
_GROUP = 6


def new_code() -> str:
    """Return a code in four groups of six letters and digits."""
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))


def code_hash(user_id: int, code: str) -> bytes:
    """With this many bits a quick hash is enough; the user's id makes it worthless elsewhere."""
    return hashlib.sha256(f"{user_id}|{_plain(code)}".encode("utf-8", "surrogatepass")).digest()


async def replace_codes(db: AsyncSession, user_id: int) -> list[str]:
    """Give a user ten new codes; the old ones are worth nothing any longer."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [new_code() for _ in range(COUNT)]
    db.add_all(RecoveryCode(user_id=user_id, code_hash=code_hash(user_id, code)) for code in codes)
    return codes


async def use_code(db: AsyncSession, user_id: int, code: str) -> bool:
    """Use a code up; of many at once one succeeds."""
    if len(_plain(code)) != _LETTERS:
        return False
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash(user_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCode.user_id)
    )
    return await db.scalar(used) is not None


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()
