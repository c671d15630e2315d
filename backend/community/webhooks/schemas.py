from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from backend.community.events.catalogue import EVENT_TYPES
from backend.community.fields import Body, PastMoment
from backend.community.models import Event, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from backend.community.text_fields import one_line

EVERYTHING = "*"
MOST_WEBHOOKS = 50
LONGEST_URL = 2000
State = Literal["waiting", "delivered", "given_up"]


def _known(names: list[str]) -> list[str]:
    if unknown := sorted(set(names) - {EVERYTHING, *EVENT_TYPES}):
        raise ValueError(f"there is no event type {unknown[0][:64]}")
    return [EVERYTHING] if EVERYTHING in names else sorted(set(names))


def _line(value: str) -> str:
    return one_line(value) if value else ""


EventTypes = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(min_length=1, max_length=100),
    AfterValidator(_known),
]
Url = Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
Description = Annotated[str, Field(max_length=120), AfterValidator(_line)]


class NewWebhook(Body):
    """Where to send, and what: event types by name, or ``*`` for all that there are and will be."""

    url: Url
    event_types: EventTypes
    description: Description = ""


class WebhookChange(Body):
    """What is left out stays as it is."""

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Description | None = None
    enabled: bool | None = None


class ReplayRequest(Body):
    """Send again what was given up for events of this time and later."""

    since: PastMoment


class WebhookDetails(BaseModel):
    """A webhook without its secret."""

    id: UUID
    url: str
    description: str
    event_types: list[str]
    enabled: bool
    disabled_because: Literal["by_hand", "gone", "failing"] | None
    disabled_at: datetime | None
    failures: int
    failing_since: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime
    created_by: UUID

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> Self:
        names = {*cls.model_fields} - {"enabled", "previous_secret_until"}
        until = endpoint.previous_secret_until
        return cls(
            **{name: getattr(endpoint, name) for name in names},
            enabled=endpoint.disabled_at is None,
            previous_secret_until=until if until and until > datetime.now(UTC) else None,
        )


class WebhookSecret(WebhookDetails):
    """A webhook with its new secret, which is shown this once."""

    secret: str


class WebhookList(BaseModel):
    items: list[WebhookDetails]
    next_cursor: str | None


class EventTypeDetails(BaseModel):
    """A kind of event; ``data`` has what it says, by name, and how that is written."""

    name: str
    meaning: str
    data: dict[str, str]


class EventTypeList(BaseModel):
    items: list[EventTypeDetails]


class AttemptDetails(BaseModel):
    """One request and what became of it: a status and the answer's beginning, or an error."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str | None

    @classmethod
    def of(cls, attempt: WebhookAttempt) -> Self:
        return cls(**{name: getattr(attempt, name) for name in cls.model_fields})


class DeliverySummary(BaseModel):
    """One event on its way to one webhook."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    event_type: str
    occurred_at: datetime
    state: State
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    given_up_at: datetime | None

    @classmethod
    def of(cls, delivery: WebhookDelivery, event: Event) -> Self:
        return cls(**_summary(delivery, event))


class DeliveryDetails(DeliverySummary):
    """A delivery with what is sent, and every attempt, the newest first."""

    data: dict[str, Any]
    log: list[AttemptDetails]

    @classmethod
    def with_log(
        cls, delivery: WebhookDelivery, event: Event, log: Sequence[WebhookAttempt]
    ) -> Self:
        attempts = [AttemptDetails.of(one) for one in log]
        return cls(**_summary(delivery, event), data=event.data, log=attempts)


class DeliveryList(BaseModel):
    items: list[DeliverySummary]
    next_cursor: str | None


class Replayed(BaseModel):
    """How many deliveries set out again."""

    replayed: int


def _summary(delivery: WebhookDelivery, event: Event) -> dict[str, Any]:
    state = state_of(delivery)
    return {
        "id": delivery.id,
        "webhook_id": delivery.endpoint_id,
        "event_id": event.id,
        "event_type": event.type,
        "occurred_at": event.occurred_at,
        "state": state,
        "attempts": delivery.attempts,
        "next_attempt_at": _next_attempt(delivery, event) if state == "waiting" else None,
        "delivered_at": delivery.delivered_at,
        "given_up_at": delivery.given_up_at,
    }


def _next_attempt(delivery: WebhookDelivery, event: Event) -> datetime:
    # What goes before all others is due since before it happened.
    return max(delivery.next_attempt_at, event.occurred_at)


def state_of(delivery: WebhookDelivery) -> State:
    if delivery.delivered_at is not None:
        return "delivered"
    return "waiting" if delivery.given_up_at is None else "given_up"
