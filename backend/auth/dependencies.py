"""What the endpoints of the auth side ask for in their signatures."""

from typing import Annotated, cast

from fastapi import Depends, Request

from backend.auth.audit.origin import Origin
from backend.auth.side import Auth
from backend.logs import request_id
from backend.web.client_address import client_address
from backend.web.state import web_of

_LONGEST_USER_AGENT = 400


async def running_auth(request: Request) -> Auth:
    return cast(Auth, request.app.state.auth)


async def request_origin(request: Request) -> Origin:
    user_agent = request.headers.get("user-agent", "").replace("\0", "")
    return Origin(
        ip=client_address(request, web_of(request).settings.trusted_proxies),
        user_agent=user_agent[:_LONGEST_USER_AGENT] or None,
        request_id=request_id.get(),
    )


RunningAuth = Annotated[Auth, Depends(running_auth)]
RequestOrigin = Annotated[Origin, Depends(request_origin)]
