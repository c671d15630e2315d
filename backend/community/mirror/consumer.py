"""What is done with the messages of a broker, which cannot be refused: applied, or parked."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from backend.bridge.event_codec import EventMalformed, EventUnknown, decode
from backend.bridge.events import Event
from backend.community.mirror import actions
from backend.database import Database, ValuesRefused
from backend.errors import Unavailable


async def settle_messages(
    database: Database, messages: Sequence[tuple[str, bytes]]
) -> Sequence[bool]:
    """Return for each message whether it is done with; False while the database is away."""
    events: list[Event] = []
    try:
        for message_id, body in messages:
            try:
                events.append(decode(body, event_id=_uuid_of(message_id)))
            except (EventMalformed, EventUnknown) as error:
                await _park(database, message_id, body, str(error))
        await _apply(database, events)
    except Unavailable:
        return [False] * len(messages)
    return [True] * len(messages)


async def _apply(database: Database, events: Sequence[Event]) -> None:
    """All at once; where that fails, one by one, and the one that cannot be applied is parked."""
    try:
        await actions.apply_events(database, events)
    except ValuesRefused as error:
        if len(events) == 1:
            await actions.park_event(database, events[0], reason=str(error))
            return
        for event in events:
            await _apply(database, [event])


async def _park(database: Database, message_id: str, body: bytes, reason: str) -> None:
    try:
        await actions.park(database, _uuid_of(message_id), body, reason=reason)
    except (ValuesRefused, UnicodeDecodeError):
        # Not even JSON that PostgreSQL can hold: what is left to keep is that it came.
        await actions.park(database, _uuid_of(message_id), b"{}", reason=reason)


def _uuid_of(message_id: str) -> UUID:
    try:
        return UUID(message_id)
    except ValueError:
        return uuid4()
