from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import Mail


@dataclass(frozen=True)
class QueueState:
    """How many mails wait, since when the oldest does, and those that were given up."""

    waiting: int
    oldest: datetime | None
    given_up: Sequence[Mail]


async def get_queue_state(db: AsyncSession, *, limit: int = 50) -> QueueState:
    """Look at the queue; of the mails that were given up, the newest ``limit``."""
    waiting = select(func.count(), func.min(Mail.created_at)).where(Mail.given_up_at.is_(None))
    count, oldest = (await db.execute(waiting)).one()
    given_up = (
        select(Mail)
        .where(Mail.given_up_at.is_not(None))
        .order_by(Mail.given_up_at.desc())
        .limit(limit)
    )
    return QueueState(count, oldest, (await db.scalars(given_up)).all())
