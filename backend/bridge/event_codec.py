"""Events as bytes: ``{"type", "timestamp", "schema", "data"}``, the payload of Standard Webhooks.

Ids and versions are strings, as everywhere in our JSON. A field more is passed over; a field less,
or one of another type, is refused.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, get_args
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.bridge.events import DeletedUser, DiscordProfile, Event, EventType, UserState
from backend.bridge.identity import Role
from backend.strict_json import strict_json

SCHEMA = 1
TYPES: tuple[EventType, ...] = get_args(EventType)


class EventMalformed(Exception):
    """The event does not say what it has to; the text names the fields and none of their values."""


class EventUnreadable(EventMalformed):
    """These bytes are no JSON object of ours at all."""


class EventUnknown(Exception):
    """A kind of event, or a version of its shape, that this Farout does not know."""


Number = Annotated[int, Field(ge=0, lt=2**63, strict=False)]


class _Deleted(BaseModel):
    model_config = ConfigDict(strict=True)

    uid: Annotated[UUID, Field(strict=False)]
    user_id: Number
    version: Number


class _Profile(BaseModel):
    model_config = ConfigDict(strict=True)

    display_name: Annotated[str, Field(min_length=1, max_length=100)]
    avatar_url: Annotated[str, Field(max_length=2000, pattern=r"^https?://")]


class _User(_Deleted):
    username: Annotated[str, Field(min_length=1, max_length=64)]
    discord_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None
    email: Annotated[str, Field(max_length=320)] | None
    role: Role
    is_active: bool
    profile: _Profile | None = None


class _Envelope(BaseModel):
    model_config = ConfigDict(strict=True)

    type: str
    timestamp: Annotated[datetime, Field(strict=False)]
    # Named so in the bytes; a BaseModel has a method of that name.
    version_of_shape: Annotated[int, Field(alias="schema")] = SCHEMA
    data: dict[str, Any]


def encode(event: Event) -> bytes:
    """Write an event; the same event gives the same bytes."""
    user = event.user
    data: dict[str, Any] = {
        "uid": str(user.uid),
        "user_id": str(user.user_id),
        "version": str(user.version),
    }
    if isinstance(user, UserState):
        data |= {
            "username": user.username,
            "discord_id": user.discord_id,
            "email": user.email,
            "role": user.role,
            "is_active": user.is_active,
            "profile": _profile_data(event.profile),
        }
    return orjson.dumps(
        {"type": event.type, "timestamp": event.occurred_at, "schema": SCHEMA, "data": data},
        option=orjson.OPT_UTC_Z,
    )


def decode(body: bytes, *, event_id: UUID) -> Event:
    """Read an event; raises EventUnreadable, EventMalformed, EventUnknown."""
    try:
        envelope = _Envelope.model_validate(_read_object(body))
    except ValidationError as error:
        raise EventMalformed(_complaint(error)) from None
    if envelope.version_of_shape != SCHEMA or envelope.type not in TYPES:
        raise EventUnknown(f"{envelope.type[:64]!a}, schema {envelope.version_of_shape}")
    return event_of_payload(
        envelope.data, event_id=event_id, kind=envelope.type, occurred_at=envelope.timestamp
    )


def event_of_payload(
    data: Mapping[str, Any], *, event_id: UUID, kind: str, occurred_at: datetime
) -> Event:
    """Build an event from its ``data``, as the outbox keeps it; raises EventMalformed."""
    known = next((one for one in TYPES if one == kind), None)
    if known is None:
        raise EventMalformed("type is not one that we know")
    try:
        if known == "user.deleted":
            gone = _Deleted.model_validate(data)
            deleted = DeletedUser(gone.uid, gone.user_id, gone.version)
            return Event(event_id, known, occurred_at, deleted)
        user = _User.model_validate(data)
    except ValidationError as error:
        raise EventMalformed(_complaint(error)) from None
    state = UserState(
        uid=user.uid,
        user_id=user.user_id,
        version=user.version,
        username=user.username,
        discord_id=user.discord_id,
        email=user.email,
        role=user.role,
        is_active=user.is_active,
    )
    profile = None
    if user.profile is not None:
        profile = DiscordProfile(user.profile.display_name, user.profile.avatar_url)
    return Event(event_id, known, occurred_at, state, profile)


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        found = strict_json(body)
    except ValueError:
        raise EventUnreadable("the body is not JSON as RFC 8259 has it") from None
    if not isinstance(found, dict):
        raise EventUnreadable("the body is not a JSON object")
    return found


def _profile_data(profile: DiscordProfile | None) -> dict[str, str] | None:
    if profile is None:
        return None
    return {"display_name": profile.display_name, "avatar_url": profile.avatar_url}


def _complaint(error: ValidationError) -> str:
    fields = {".".join(str(part) for part in one["loc"]) for one in error.errors()}
    return f"these fields are missing or wrong: {', '.join(sorted(fields))}"
