from typing import Annotated
from uuid import UUID

from fastapi import Depends

from backend.community.access.callers import AnyAccess
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Transaction
from backend.community.occurrences.queries import Found, is_class
from backend.community.trainings.queries import is_instructor


async def require_scheduler(db: Transaction, occurrence_id: UUID, access: AnyAccess) -> Access:
    """For those who schedule missions or classes, whichever the date in the path is of."""
    # Whoever may schedule neither is not told whether there is such a date.
    if not (access.may(Permission.MISSIONS_MANAGE) or access.may(Permission.TRAININGS_MANAGE)):
        raise PermissionRequired(Permission.MISSIONS_MANAGE)
    is_training = await is_class(db, occurrence_id)
    needed = Permission.TRAININGS_MANAGE if is_training else Permission.MISSIONS_MANAGE
    if not access.may(needed):
        raise PermissionRequired(needed)
    return access


MayScheduleThis = Annotated[Access, Depends(require_scheduler)]


async def may_report(db: Transaction, found: Found, caller: Access) -> bool:
    """Whether somebody may write the report of a date: who awards, or of a class who teaches it."""
    training_id = found.occurrence.training_id
    if training_id is None:
        return caller.may(Permission.COMPLETIONS_AWARD)
    return await is_instructor(db, training_id, caller.discord_id)
