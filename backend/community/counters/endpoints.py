from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.counters import actions, queries
from backend.community.counters.schemas import (
    CounterChange,
    CounterDetails,
    CounterKey,
    CounterList,
    CounterValue,
    NewCounter,
)
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.fields import DiscordId
from backend.community.idempotency.dependencies import OnceOnly
from backend.community.members.callers import MaySeeMembers
from backend.community.models import Counter
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["standings"], route_class=StrictRoute)

MayWriteStats = Annotated[Access, Needs(Permission.STATS_WRITE)]


@router.get("/counters")
async def list_counters(db: Transaction, _: MaySeeMembers) -> CounterList:
    """The numbers that the community keeps beside those counted from the record."""
    counters = await queries.list_counters(db)
    return CounterList(items=[CounterDetails.model_validate(one) for one in counters])


@router.post("/counters", status_code=status.HTTP_201_CREATED, response_model=CounterDetails)
async def declare_counter(
    db: Transaction, new: NewCounter, officer: MayWriteStats, origin: RequestOrigin
) -> Counter:
    """Declare a counter."""
    return await actions.declare_counter(db, new, by=officer, origin=origin)


@router.put("/members/{discord_id}/counters/{key}", response_model=CounterValue)
async def set_counter(
    db: Transaction,
    discord_id: Annotated[DiscordId, Path()],
    key: Annotated[CounterKey, Path()],
    change: CounterChange,
    officer: MayWriteStats,
    origin: RequestOrigin,
    once: OnceOnly,
) -> Response:
    """Set a member's counter or add to it; with an Idempotency-Key nothing is added twice."""

    async def act() -> CounterValue:
        value = await actions.set_counter(db, discord_id, key, change, by=officer, origin=origin)
        return CounterValue(member=discord_id, counter=key, value=value)

    return await once.answer(change, status.HTTP_200_OK, act)
