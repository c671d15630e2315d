from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from backend.community.models import MirroredUser
from backend.database import Database, Statement

_IS_MIRRORED = Statement(
    select(MirroredUser.user_id).where(
        MirroredUser.uid == bindparam("uid", type_=Uuid), MirroredUser.deleted_at.is_(None)
    )
)


async def is_mirrored(database: Database, uid: UUID) -> bool:
    return await database.row(_IS_MIRRORED, uid=uid) is not None
