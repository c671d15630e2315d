from typing import Annotated

from fastapi import Depends

from backend.community.access.callers import CallerAccess
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access


async def require_key_manager(access: CallerAccess) -> Access:
    """A person with the permission: keys do not make keys."""
    if not access.may(Permission.API_KEYS_MANAGE):
        raise PermissionRequired(Permission.API_KEYS_MANAGE)
    return access


MayManageKeys = Annotated[Access, Depends(require_key_manager)]
