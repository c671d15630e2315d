from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

Tables = dict[str, list[dict[str, Any]]]


class OwnData(BaseModel):
    """All that is held about somebody: the rows about them, table by table, of both databases."""

    format: int
    site: str
    made_at: datetime
    uid: UUID
    auth: Tables
    community: Tables
