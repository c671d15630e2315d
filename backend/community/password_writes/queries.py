from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import AuditEntry
from backend.community.models.audit_entry import PASSWORD_WRITE


async def count_password_writes(db: AsyncSession, *, since: datetime | None = None) -> int:
    """Return how many attempts to write a password were refused."""
    # Written out and not passed as a parameter, so that the index of these entries is always used.
    action = literal(PASSWORD_WRITE, literal_execute=True)
    attempts = select(func.count()).where(AuditEntry.action == action)
    if since is not None:
        attempts = attempts.where(AuditEntry.at >= since)
    return await db.scalar(attempts) or 0
