from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import RegistrationCode


@dataclass(frozen=True)
class CodePage:
    """One page of codes, the newest first; ``last`` is the id that the next page goes on after."""

    codes: Sequence[RegistrationCode]
    last: int | None


async def list_codes(db: AsyncSession, *, after: int | None = None, limit: int = 50) -> CodePage:
    codes = select(RegistrationCode).order_by(RegistrationCode.id.desc()).limit(limit + 1)
    if after is not None:
        codes = codes.where(RegistrationCode.id < after)
    found = (await db.scalars(codes)).all()
    page = found[:limit]
    return CodePage(page, page[-1].id if len(found) > limit else None)
