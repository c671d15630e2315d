"""What the ledger has already of what a file says, so that no row makes an entry a second time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.models import Completion
from backend.community.models.completion import WRITTEN

_COLUMNS = [Completion.__table__.c[name] for name in (*WRITTEN, "revoked_at")]
Place = tuple[Any, ...]
Entry = Mapping[str, Any]


def _place(entry: Entry) -> Place:
    """Return what nobody can have twice at a time."""
    names = ("member_id", "mission_id", "training_id", "occurrence_id", "repeat_on")
    return tuple(entry[name] for name in names)


@dataclass
class Known:
    """What the ledger has already: by id, live by its place, and ended by its place and moment."""

    by_id: dict[UUID, Entry]
    live: dict[Place, Entry]
    ended: dict[Place, Entry]

    def find(self, values: Entry) -> Entry | None:
        """Return the entry that a row speaks of, also if it was revoked since."""
        place = _place(values)
        ended = self.ended.get((*place, values["completed_at"]))
        return self.by_id.get(values["id"]) or self.live.get(place) or ended


async def find_known(db: AsyncSession, values: Sequence[Entry]) -> Known:
    ids = [one["id"] for one in values]
    found = await db.execute(select(*_COLUMNS).where(Completion.id.in_(ids)))
    by_id: dict[UUID, Entry] = {row["id"]: dict(row) for row in found.mappings()}
    new = [one for one in values if one["id"] not in by_id]
    in_place: list[Entry] = []
    if new:
        others = await db.execute(
            select(*_COLUMNS)
            .where(Completion.member_id.in_({one["member_id"] for one in new}))
            .where(
                Completion.mission_id.in_({one["mission_id"] for one in new} - {None})
                | Completion.training_id.in_({one["training_id"] for one in new} - {None})
            )
        )
        in_place = [dict(row) for row in others.mappings()]
    return Known(
        by_id,
        {_place(one): one for one in in_place if one["revoked_at"] is None},
        {(*_place(one), one["completed_at"]): one for one in in_place if one["revoked_at"]},
    )
