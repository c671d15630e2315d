from uuid import UUID

from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Transaction
from backend.community.occurrences.queries import get_occurrence


async def check_author(db: Transaction, occurrence_id: UUID, caller: Access) -> None:
    """Let whoever awards report on missions; of classes, the action knows the instructors."""
    found = await get_occurrence(db, occurrence_id)
    if found.training is None and not caller.may(Permission.COMPLETIONS_AWARD):
        raise PermissionRequired(Permission.COMPLETIONS_AWARD)
