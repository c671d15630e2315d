"""What the endpoints of the community side ask for in their signatures."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.audit.origin import Origin
from backend.community.side import Community
from backend.logs import request_id
from backend.web.client_address import client_address
from backend.web.state import web_of


async def running_community(request: Request) -> Community:
    return cast(Community, request.app.state.community)


RunningCommunity = Annotated[Community, Depends(running_community)]


async def open_transaction(community: RunningCommunity) -> AsyncIterator[AsyncSession]:
    async with community.database.transaction() as db:
        yield db


# scope="function": FastAPI commits before it sends the response, not after.
Transaction = Annotated[AsyncSession, Depends(open_transaction, scope="function")]


async def request_origin(request: Request) -> Origin:
    return Origin(
        ip=client_address(request, web_of(request).settings.trusted_proxies),
        request_id=request_id.get(),
    )


RequestOrigin = Annotated[Origin, Depends(request_origin)]
