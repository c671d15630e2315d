from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.models import AccountSecurity, User
from backend.auth.own_data.tables import HELD, Person
from backend.own_rows import list_own_rows


async def find_own_data(db: AsyncSession, uid: UUID) -> dict[str, Any] | None:
    """Return what this side holds about a person, table by table; None if there is no such user.

    Without what is secret: no hash, no token, nothing that is encrypted.
    """
    wanted = select(User.id, AccountSecurity.uid, User.email, User.discord_id).join(
        AccountSecurity, AccountSecurity.user_id == User.id
    )
    row = (await db.execute(wanted.where(AccountSecurity.uid == uid))).one_or_none()
    if row is None:
        return None
    person = Person(*row)
    return await list_own_rows(db, HELD, person)
