from typing import Annotated

from fastapi import APIRouter, Path, Response, status

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
from backend.community.models import Counter
from backend.community.officers import Officer
from backend.web.callers import Caller

router = APIRouter(prefix="/api", tags=["standings"])


@router.get("/counters")
async def list_counters(db: Transaction, _: Caller) -> CounterList:
    """The numbers that the community keeps beside those counted from the record."""
    counters = await queries.list_counters(db)
    return CounterList(items=[CounterDetails.model_validate(one) for one in counters])


@router.post("/counters", status_code=status.HTTP_201_CREATED, response_model=CounterDetails)
async def declare_counter(
    db: Transaction, new: NewCounter, officer: Officer, origin: RequestOrigin
) -> Counter:
    """Declare a counter."""
    return await actions.declare_counter(db, new, by=officer, origin=origin)


@router.put("/members/{discord_id}/counters/{key}", response_model=CounterValue)
async def set_counter(
    db: Transaction,
    discord_id: Annotated[DiscordId, Path()],
    key: Annotated[CounterKey, Path()],
    change: CounterChange,
    officer: Officer,
    origin: RequestOrigin,
    once: OnceOnly,
) -> Response:
    """Set a member's counter or add to it; with an Idempotency-Key nothing is added twice."""

    async def act() -> CounterValue:
        value = await actions.set_counter(db, discord_id, key, change, by=officer, origin=origin)
        return CounterValue(member=discord_id, counter=key, value=value)

    return await once.answer(change, status.HTTP_200_OK, act)
