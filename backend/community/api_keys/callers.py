from typing import Annotated

from fastapi import Depends, Request

from backend.community.access.callers import CallerAccess
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.web.callers import require_elevated


async def require_key_manager(access: CallerAccess) -> Access:
    """A person with the permission: keys do not make keys."""
    if not access.may(Permission.API_KEYS_MANAGE):
        raise PermissionRequired(Permission.API_KEYS_MANAGE)
    return access


MayManageKeys = Annotated[Access, Depends(require_key_manager)]


async def require_key_maker(request: Request, access: MayManageKeys) -> Access:
    """The same with a fresh proof: a key outlives the session, and whoever had borrowed that."""
    await require_elevated(request)
    return access


MayMakeKeys = Annotated[Access, Depends(require_key_maker)]
