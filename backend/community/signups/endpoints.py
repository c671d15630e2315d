from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, status

from backend.community.access.callers import CallerAccess
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.fields import DiscordId, PageSize
from backend.community.members.callers import MaySeeMembers
from backend.community.members.errors import NotLinkedToDiscord
from backend.community.occurrences.callers import MayScheduleThis
from backend.community.occurrences.queries import get_occurrence
from backend.community.signups import actions, queries
from backend.community.signups.schemas import SignupDetails, SignupList, SignupRequest
from backend.web.strict_json import StrictRoute

router = APIRouter(
    prefix="/api/occurrences/{occurrence_id}", tags=["occurrences"], route_class=StrictRoute
)


@router.get("/signups")
async def list_signups(
    db: Transaction,
    occurrence_id: UUID,
    _: MaySeeMembers,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> SignupList:
    """List who holds a seat or waits, in the order in which they came."""
    await get_occurrence(db, occurrence_id)
    name = f"signups of {occurrence_id}"
    after = cursors.read_row(name, cursor, int)
    page = await queries.list_signups(
        db, occurrence_id, after=after[0] if after else 0, limit=limit
    )
    return SignupList(
        items=[SignupDetails.model_validate(row, from_attributes=True) for row in page.signups],
        next_cursor=cursors.write(name, (page.last,) if page.last else None),
    )


@router.put("/signup")
async def sign_up(
    db: Transaction,
    occurrence_id: UUID,
    request: SignupRequest,
    caller: CallerAccess,
    origin: RequestOrigin,
) -> SignupDetails:
    """Sign up for a slot: a seat if one is free, else the next place in the queue.

    Where sign-ups need approval, neither before an officer has given it.
    """
    row = await actions.sign_up(
        db, occurrence_id, _discord_id(caller), request.slot, by=caller, origin=origin
    )
    return SignupDetails.model_validate(row, from_attributes=True)


@router.delete("/signup", status_code=status.HTTP_204_NO_CONTENT)
async def withdraw(
    db: Transaction, occurrence_id: UUID, caller: CallerAccess, origin: RequestOrigin
) -> None:
    """Give up one's own seat or place in the queue."""
    await actions.withdraw(db, occurrence_id, _discord_id(caller), by=caller, origin=origin)


@router.put("/signups/{discord_id}/approval")
async def approve(
    db: Transaction,
    occurrence_id: UUID,
    discord_id: Annotated[DiscordId, Path()],
    officer: MayScheduleThis,
    origin: RequestOrigin,
) -> SignupDetails:
    """Approve a sign-up, which then gets a seat or its place in the queue; refuse it by removing it."""
    row = await actions.approve(db, occurrence_id, discord_id, by=officer, origin=origin)
    return SignupDetails.model_validate(row, from_attributes=True)


@router.delete("/signups/{discord_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove(
    db: Transaction,
    occurrence_id: UUID,
    discord_id: Annotated[DiscordId, Path()],
    officer: MayScheduleThis,
    origin: RequestOrigin,
) -> None:
    """Take somebody's seat or place in the queue away; the next one moves up."""
    await actions.withdraw(db, occurrence_id, discord_id, by=officer, origin=origin)


def _discord_id(caller: Access) -> str:
    if caller.discord_id is None:
        raise NotLinkedToDiscord
    return caller.discord_id
