from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.community.models import Member, Occurrence, OccurrenceSlot, Signup
from backend.community.signups.errors import SignupNotFound


@dataclass(frozen=True)
class SignupPage:
    signups: Sequence[Row[Any]]
    last: int | None


def _signups() -> Select[Any]:
    """Sign-ups with the names of member and slot and, for those who wait, their place in the queue."""
    other = aliased(Signup)
    before = (
        select(func.count())
        .where(other.slot_id == Signup.slot_id, other.occurrence_id == Signup.occurrence_id)
        .where(other.status == "waitlisted", other.queue <= Signup.queue)
        .scalar_subquery()
    )
    return (
        select(
            Signup.occurrence_id,
            Member.discord_id.label("member"),
            Member.display_name,
            OccurrenceSlot.name.label("slot"),
            Signup.status,
            Signup.seat,
            case((Signup.status == "waitlisted", before)).label("place"),
            Signup.signed_up_at,
            Signup.queue,
        )
        .join(Member, Member.id == Signup.member_id)
        .join(OccurrenceSlot, OccurrenceSlot.id == Signup.slot_id)
    )


def takes_signups(occurrence: Occurrence) -> bool:
    """Whether somebody may sign up for a date at this moment."""
    closes = min(occurrence.starts_at, occurrence.signups_close_at or occurrence.starts_at)
    return occurrence.status == "open" and datetime.now(UTC) < closes


async def find_signup(db: AsyncSession, occurrence_id: UUID, member_id: int) -> Row[Any] | None:
    """Return a member's seat or place in the queue, None for somebody without one."""
    own = (Signup.occurrence_id == occurrence_id, Signup.member_id == member_id)
    query = _signups().where(*own, Signup.status != "withdrawn")
    found: Row[Any] | None = (await db.execute(query)).first()
    return found


async def get_signup(db: AsyncSession, occurrence_id: UUID, member_id: int) -> Row[Any]:
    found: Row[Any] | None = (
        await db.execute(
            _signups().where(Signup.occurrence_id == occurrence_id, Signup.member_id == member_id)
        )
    ).first()
    if found is None:
        raise SignupNotFound
    return found


async def list_signups(
    db: AsyncSession, occurrence_id: UUID, *, after: int = 0, limit: int = 50
) -> SignupPage:
    """Return who holds a seat or waits, in the order in which they came."""
    rows = (
        await db.execute(
            _signups()
            .where(Signup.occurrence_id == occurrence_id, Signup.status != "withdrawn")
            .where(Signup.queue > after)
            .order_by(Signup.queue)
            .limit(limit + 1)
        )
    ).all()
    page = rows[:limit]
    return SignupPage(page, page[-1].queue if len(rows) > limit else None)
