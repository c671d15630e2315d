from typing import Annotated

from fastapi import APIRouter, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.departures import actions
from backend.community.departures.schemas import DepartureDetails, DepartureRequest
from backend.community.dependencies import DiscordId, RequestOrigin, Transaction
from backend.community.models import Departure
from backend.web.strict_json import StrictRoute

router = APIRouter(
    prefix="/api/members/{discord_id}/departure", tags=["members"], route_class=StrictRoute
)

MayDischarge = Annotated[Access, Needs(Permission.MEMBERS_DISCHARGE)]


@router.put("", response_model=DepartureDetails)
async def record_departure(
    db: Transaction,
    discord_id: DiscordId,
    request: DepartureRequest,
    by: MayDischarge,
    origin: RequestOrigin,
) -> Departure:
    """Record that a member has left: they are out of the directory and keep their history."""
    return await actions.record_departure(db, discord_id, request.reason, by=by, origin=origin)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def record_return(
    db: Transaction, discord_id: DiscordId, by: MayDischarge, origin: RequestOrigin
) -> None:
    """Record that a member is back."""
    await actions.record_return(db, discord_id, by=by, origin=origin)
