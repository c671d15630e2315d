"""Signing up and withdrawing. Everybody joins the queue, and one statement seats whoever is next.

Where sign-ups need approval, an officer's yes comes before the queue.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.members.queries import get_member, is_here
from backend.community.models import Member, Occurrence, OccurrenceSlot, Signup
from backend.community.models.signup import QUEUE
from backend.community.occurrences.actions import seat_waiting
from backend.community.occurrences.queries import list_slots, lock_occurrence
from backend.community.signups.errors import (
    MemberGone,
    OwnSignup,
    RequirementsMissing,
    SignupClosed,
    SignupNotFound,
    SlotNotFound,
)
from backend.community.signups.queries import get_signup, takes_signups
from backend.community.trainings.requirements import find_missing


async def sign_up(
    db: AsyncSession, occurrence_id: UUID, discord_id: str, slot: str | None, *, by: Access,
    origin: Origin,
) -> Row[Any]:  # fmt: skip
    """Take a seat or a place in the queue; with another slot, leave the first one for it.

    Where sign-ups need approval, it waits for that with neither, for another slot too.

    Raises OccurrenceNotFound, SignupClosed, SlotNotFound, MemberNotFound, MemberGone,
    RequirementsMissing.
    """
    occurrence = await lock_occurrence(db, occurrence_id)
    if not takes_signups(occurrence):
        raise SignupClosed
    member = await get_member(db, discord_id)
    chosen = await _choose_slot(db, occurrence_id, slot)
    current = await db.get(Signup, (occurrence_id, member.id), populate_existing=True)
    if current and current.status != "withdrawn" and current.slot_id == chosen.id:
        return await get_signup(db, occurrence_id, member.id)
    await _check_member(db, occurrence, member)
    status = "pending" if occurrence.needs_approval else "waitlisted"
    await _queue(db, occurrence_id, member.id, chosen.id, status)
    await seat_waiting(db, occurrence_id)
    record(
        db, "signup.made", actor=by.uid, origin=origin,
        occurrence=str(occurrence_id), member=discord_id, slot=chosen.name,
    )  # fmt: skip
    return await get_signup(db, occurrence_id, member.id)


async def approve(
    db: AsyncSession, occurrence_id: UUID, discord_id: str, *, by: Access, origin: Origin
) -> Row[Any]:
    """Let a sign-up that waited for approval take a seat, or its place in the queue.

    Raises OccurrenceNotFound, SignupClosed, MemberNotFound, OwnSignup, SignupNotFound.
    """
    occurrence = await lock_occurrence(db, occurrence_id)
    if occurrence.status in ("completed", "cancelled"):
        raise SignupClosed
    if discord_id == by.discord_id and not by.is_admin:
        raise OwnSignup
    member = await get_member(db, discord_id)
    if await _set_status(db, occurrence_id, member.id, "waitlisted", of=("pending",)):
        await seat_waiting(db, occurrence_id)
        record(
            db, "signup.approved", actor=by.uid, origin=origin,
            occurrence=str(occurrence_id), member=discord_id,
        )  # fmt: skip
    found = await get_signup(db, occurrence_id, member.id)
    if found.status == "withdrawn":
        raise SignupNotFound
    return found


async def withdraw(
    db: AsyncSession, occurrence_id: UUID, discord_id: str, *, by: Access, origin: Origin
) -> None:
    """Give up a seat or a place in the queue; the next one moves up.

    Raises OccurrenceNotFound, SignupClosed, MemberNotFound, SignupNotFound.
    """
    occurrence = await lock_occurrence(db, occurrence_id)
    if occurrence.status in ("completed", "cancelled"):
        raise SignupClosed
    member = await get_member(db, discord_id)
    live = ("pending", "waitlisted", "seated")
    if not await _set_status(db, occurrence_id, member.id, "withdrawn", of=live):
        raise SignupNotFound
    await seat_waiting(db, occurrence_id)
    record(
        db, "signup.withdrawn", actor=by.uid, origin=origin,
        occurrence=str(occurrence_id), member=discord_id,
    )  # fmt: skip


async def _choose_slot(db: AsyncSession, occurrence_id: UUID, name: str | None) -> OccurrenceSlot:
    slots = await list_slots(db, occurrence_id)
    fitting = [slot for slot in slots if name in (None, slot.name)]
    if not fitting or (name is None and len(slots) > 1):
        raise SlotNotFound([slot.name for slot in slots])
    return fitting[0]


async def _check_member(db: AsyncSession, occurrence: Occurrence, member: Member) -> None:
    if not await is_here(db, member):
        raise MemberGone
    if occurrence.training_id is not None:
        missing = await find_missing(db, occurrence.training_id, member)
        if missing:
            raise RequirementsMissing(missing)


async def _set_status(
    db: AsyncSession, occurrence_id: UUID, member_id: int, status: str, *, of: Sequence[str]
) -> bool:
    """Move a sign-up off its seat, from one of some states to another one; says whether it was so."""
    moved = await db.scalar(
        update(Signup)
        .where(Signup.occurrence_id == occurrence_id, Signup.member_id == member_id)
        .where(Signup.status.in_(of))
        .values(status=status, seat=None)
        .returning(Signup.member_id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


async def _queue(
    db: AsyncSession, occurrence_id: UUID, member_id: int, slot_id: UUID, status: str
) -> None:
    """Put a member at the end of a slot's queue, out of the seat or queue where they were."""
    row = insert(Signup).values(
        occurrence_id=occurrence_id, member_id=member_id, slot_id=slot_id, status=status
    )
    await db.execute(
        row.on_conflict_do_update(
            index_elements=[Signup.occurrence_id, Signup.member_id],
            set_={
                "slot_id": slot_id, "status": status, "seat": None,
                "queue": QUEUE.next_value(), "signed_up_at": func.now(),
            },
        )
    )  # fmt: skip
