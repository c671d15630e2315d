"""Dependencies that say what the caller may do: one for each need, in the endpoint's signature."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from backend.community.access.errors import (
    ApiKeyInvalid,
    ApiKeyTooFast,
    PermissionRequired,
    PersonRequired,
)
from backend.community.access.key_uses import count_use
from backend.community.access.keys import get_access_of_key
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access, get_access
from backend.community.dependencies import RunningCommunity, Transaction
from backend.community.key_tokens import is_key, read_token
from backend.community.side import Community
from backend.web.callers import Admin, require_caller


async def any_access(request: Request, db: Transaction, community: RunningCommunity) -> Access:
    """Return what the caller may do: a person, or an API key in a person's place."""
    access = await _find_access(request, db, community)
    # For the frame of a page, which links to what its reader may see.
    request.state.permissions = access.permissions
    return access


async def _find_access(request: Request, db: Transaction, community: RunningCommunity) -> Access:
    authorization = request.headers.get("authorization")
    if not is_key(authorization):
        return await get_access(db, await require_caller(request))
    token = read_token(authorization)
    if token is None:
        raise ApiKeyInvalid
    access = await get_access_of_key(db, token)
    await _count(request, community, token.id)
    return access


async def _count(request: Request, community: Community, key_id: UUID) -> None:
    """Tell the program where it stands; raises ApiKeyTooFast if that is beyond its rate."""
    per_minute = community.settings.api_key_requests_per_minute
    use = await count_use(community.database, key_id, per_minute=per_minute)
    # draft-ietf-httpapi-ratelimit-headers; the envelope sends them with whatever the answer is.
    request.state.headers = [
        (b"ratelimit-policy", f'"api-key";q={per_minute};w=60'.encode()),
        (b"ratelimit", f'"api-key";r={use.remaining};t={use.seconds}'.encode()),
    ]
    if not use.fits:
        raise ApiKeyTooFast(use.seconds)


# FastAPI asks this once a request, however many dependencies build on it.
AnyAccess = Annotated[Access, Depends(any_access)]


async def caller_access(access: AnyAccess) -> Access:
    """For what somebody does as himself: no API key stands in for that."""
    if access.key_id is not None:
        raise PersonRequired
    return access


CallerAccess = Annotated[Access, Depends(caller_access)]


async def require_admin_access(_: Admin, access: CallerAccess) -> Access:
    return access


AdminAccess = Annotated[Access, Depends(require_admin_access)]


def Needs(permission: Permission) -> Any:  # noqa: N802 - reads like FastAPI's Depends
    """Return the dependency that refuses whoever has not got the permission.

    Use it as ``Annotated[Access, Needs(Permission.MEMBERS_PROMOTE)]``.
    """
    return Depends(_needs(permission))


def _needs(permission: Permission) -> Callable[[Access], Awaitable[Access]]:
    async def require_permission(access: AnyAccess) -> Access:
        if not access.may(permission):
            raise PermissionRequired(permission)
        return access

    return require_permission
