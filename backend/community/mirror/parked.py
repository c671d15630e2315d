"""Events that could not be applied when they came, tried again by an operator's hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from sqlalchemy import delete

from backend.bridge.event_codec import EventMalformed, EventUnknown, decode
from backend.community.mirror.actions import apply_events
from backend.community.mirror.queries import list_rejected
from backend.community.models import RejectedEvent
from backend.database import Database, ValuesRefused


@dataclass
class Replay:
    """Which parked events were taken in, and why the others were not."""

    applied: list[UUID] = field(default_factory=list)
    refused: dict[UUID, str] = field(default_factory=dict)


async def replay_rejected(database: Database, event_ids: Sequence[UUID] | None = None) -> Replay:
    """Apply parked events, all of them or those named; what works is parked no longer.

    Each by itself: one that still cannot be applied keeps none of the others back.
    """
    replay = Replay()
    async with database.transaction() as db:
        parked = await list_rejected(db, event_ids=event_ids)
    for one in parked:
        try:
            event = decode(orjson.dumps(one.body), event_id=one.event_id)
            await apply_events(database, [event])
        except (EventMalformed, EventUnknown, ValuesRefused) as error:
            replay.refused[one.event_id] = str(error)
            continue
        async with database.transaction() as db:
            await db.execute(delete(RejectedEvent).where(RejectedEvent.event_id == one.event_id))
        replay.applied.append(one.event_id)
    return replay
