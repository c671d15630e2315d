"""Dependencies that say what the caller may do: one for each need, in the endpoint's signature."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends

from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access, get_access
from backend.community.dependencies import Transaction
from backend.web.callers import Admin, Caller


async def caller_access(caller: Caller, db: Transaction) -> Access:
    return await get_access(db, caller)


# FastAPI asks this once a request, however many dependencies build on it.
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
    async def require_permission(access: CallerAccess) -> Access:
        if not access.may(permission):
            raise PermissionRequired(permission)
        return access

    return require_permission
