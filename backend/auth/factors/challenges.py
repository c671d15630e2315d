"""What waits for a second factor or a passkey: for five minutes, for five tries, for one success."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, delete, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.crypto.secrets import looks_like_a_token, new_token, token_hash
from backend.auth.factors.errors import ChallengeOver
from backend.auth.models import Challenge

_LIFETIME: ColumnElement[timedelta] = literal_column("interval '5 minutes'")
MOST_TRIES = 5


async def begin_challenge(
    db: AsyncSession, purpose: str, *, user_id: int | None = None, value: bytes | None = None
) -> str:
    """Write a challenge down and return the one copy of its token."""
    token = new_token()
    db.add(
        Challenge(
            token_hash=token_hash(token),
            purpose=purpose,
            user_id=user_id,
            value=value,
            expires_at=func.now() + _LIFETIME,
        )
    )
    await db.flush()
    return token


async def try_challenge(db: AsyncSession, token: str, purpose: str) -> Challenge:
    """Count a try and return the challenge, locked; raises ChallengeOver."""
    challenge = await db.scalar(_live(token, purpose).with_for_update())
    if challenge is None or challenge.tries >= MOST_TRIES:
        raise ChallengeOver
    challenge.tries += 1
    return challenge


async def consume_challenge(
    db: AsyncSession, token: str, purpose: str, *, user_id: int | None = None
) -> Challenge:
    """Take a challenge out, once; with ``user_id`` for that user alone. Raises ChallengeOver."""
    challenge = await db.scalar(_live(token, purpose).with_for_update())
    if challenge is None or (user_id is not None and challenge.user_id != user_id):
        raise ChallengeOver
    await db.delete(challenge)
    await db.flush()
    return challenge


def _live(token: str, purpose: str) -> Select[Challenge]:
    hashed = token_hash(token) if looks_like_a_token(token) else b""
    return select(Challenge).where(
        Challenge.token_hash == hashed,
        Challenge.purpose == purpose,
        Challenge.expires_at > func.now(),
    )


async def sweep(db: AsyncSession) -> None:
    await db.execute(delete(Challenge).where(Challenge.expires_at < func.now()))
