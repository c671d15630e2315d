from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.community.api_keys import actions, queries
from backend.community.api_keys.callers import MayMakeKeys, MayManageKeys
from backend.community.api_keys.schemas import (
    ApiKeyDayDetails,
    ApiKeyDetails,
    ApiKeyList,
    ApiKeyUsage,
    NewApiKey,
    NewApiKeyDetails,
    PageSize,
)
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/keys", tags=["API keys"], route_class=StrictRoute)


@router.get("")
async def list_keys(
    db: Transaction,
    _: MayManageKeys,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> ApiKeyList:
    """Every API key, newest first, without its secret."""
    after = cursors.read("API keys", cursor)
    page = await queries.list_keys(db, after=str(after[0]) if after else None, limit=limit)
    return ApiKeyList(
        items=[ApiKeyDetails.model_validate(key) for key in page.keys],
        next_cursor=cursors.write("API keys", page.last),
    )


@router.post("", status_code=status.HTTP_201_CREATED)
async def make_key(
    db: Transaction, new: NewApiKey, by: MayMakeKeys, origin: RequestOrigin
) -> NewApiKeyDetails:
    """Make a key that acts for the caller within its scopes. The token is shown this once."""
    key, token = await actions.make_key(db, new, by=by, origin=origin)
    details = ApiKeyDetails.model_validate(key)
    return NewApiKeyDetails(**details.model_dump(), token=token)


@router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_key(
    db: Transaction, key_id: UUID, by: MayManageKeys, origin: RequestOrigin
) -> None:
    """Revoke a key; the next request with it is refused."""
    await actions.revoke_key(db, key_id, by=by, origin=origin)


@router.get("/{key_id}/usage")
async def read_usage(db: Transaction, key_id: UUID, _: MayManageKeys) -> ApiKeyUsage:
    """How often a key was used, by day: at most the last 31 days on which it was."""
    await queries.get_key(db, key_id)
    days = await queries.list_days(db, key_id)
    return ApiKeyUsage(items=[ApiKeyDayDetails.model_validate(day) for day in days])
