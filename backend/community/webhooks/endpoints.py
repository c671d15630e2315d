from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.events.catalogue import EVENT_TYPES, IN_JSON
from backend.community.fields import PageSize
from backend.community.webhooks import actions, queries, replays
from backend.community.webhooks.callers import MayDirectWebhooks, MayManageWebhooks, WebhookRules
from backend.community.webhooks.schemas import (
    DeliveryDetails,
    DeliveryList,
    DeliverySummary,
    EventTypeDetails,
    EventTypeList,
    NewWebhook,
    Replayed,
    ReplayRequest,
    State,
    WebhookChange,
    WebhookDetails,
    WebhookList,
    WebhookSecret,
)
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["Webhooks"], route_class=StrictRoute)


@router.get("/webhooks")
async def list_webhooks(
    db: Transaction,
    _: MayManageWebhooks,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> WebhookList:
    """Every webhook, newest first, without its secret."""
    after = cursors.read("webhooks", cursor)
    page = await queries.list_endpoints(db, after=str(after[0]) if after else None, limit=limit)
    return WebhookList(
        items=[WebhookDetails.of(one) for one in page.endpoints],
        next_cursor=cursors.write("webhooks", page.last),
    )


@router.get("/webhooks/event-types")
async def list_event_types(_: MayManageWebhooks) -> EventTypeList:
    """Everything that a webhook can be told of, and what is said of it."""
    return EventTypeList(
        items=[
            EventTypeDetails(
                name=one.name,
                meaning=one.meaning,
                data={name: IN_JSON[fact.kind] for name, fact in one.facts.items()},
            )
            for one in EVENT_TYPES.values()
        ]
    )


@router.post("/webhooks", status_code=status.HTTP_201_CREATED)
async def create_webhook(
    db: Transaction,
    new: NewWebhook,
    by: MayDirectWebhooks,
    rules: WebhookRules,
    origin: RequestOrigin,
) -> WebhookSecret:
    """Tell an address of events. The secret that signs them is shown this once."""
    endpoint, secret = await actions.create_webhook(db, new, rules=rules, by=by, origin=origin)
    return WebhookSecret(**WebhookDetails.of(endpoint).model_dump(), secret=secret)


@router.get("/webhooks/{webhook_id}")
async def get_webhook(db: Transaction, webhook_id: UUID, _: MayManageWebhooks) -> WebhookDetails:
    return WebhookDetails.of(await queries.get_endpoint(db, webhook_id))


@router.patch("/webhooks/{webhook_id}")
async def change_webhook(
    db: Transaction,
    webhook_id: UUID,
    change: WebhookChange,
    by: MayDirectWebhooks,
    rules: WebhookRules,
    origin: RequestOrigin,
) -> WebhookDetails:
    """Change where it goes and what it is told; disable it, or enable it again."""
    return WebhookDetails.of(
        await actions.change_webhook(db, webhook_id, change, rules=rules, by=by, origin=origin)
    )


@router.delete("/webhooks/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_webhook(
    db: Transaction, webhook_id: UUID, by: MayManageWebhooks, origin: RequestOrigin
) -> None:
    """Delete a webhook; nothing is sent to it any more, not even what waits."""
    await actions.delete_webhook(db, webhook_id, by=by, origin=origin)


@router.post("/webhooks/{webhook_id}/secret")
async def rotate_secret(
    db: Transaction,
    webhook_id: UUID,
    by: MayDirectWebhooks,
    rules: WebhookRules,
    origin: RequestOrigin,
) -> WebhookSecret:
    """Make a new secret, shown this once. For 24 hours the one before signs as well."""
    endpoint, secret = await actions.rotate_secret(
        db, webhook_id, rules=rules, by=by, origin=origin
    )
    return WebhookSecret(**WebhookDetails.of(endpoint).model_dump(), secret=secret)


@router.post("/webhooks/{webhook_id}/test", status_code=status.HTTP_202_ACCEPTED)
async def send_test(
    db: Transaction, webhook_id: UUID, by: MayManageWebhooks, origin: RequestOrigin
) -> DeliverySummary:
    """Send it an event of the type `webhook.test`, whatever it is subscribed to."""
    return DeliverySummary.of(*await replays.send_test(db, webhook_id, by=by, origin=origin))


@router.post("/webhooks/{webhook_id}/replay", status_code=status.HTTP_202_ACCEPTED)
async def replay_given_up(
    db: Transaction,
    webhook_id: UUID,
    wanted: ReplayRequest,
    by: MayManageWebhooks,
    origin: RequestOrigin,
) -> Replayed:
    """Send again what was given up, of all events since a moment."""
    count = await replays.replay_given_up(db, webhook_id, wanted.since, by=by, origin=origin)
    return Replayed(replayed=count)


@router.get("/webhooks/{webhook_id}/deliveries")
async def list_deliveries(
    db: Transaction,
    webhook_id: UUID,
    _: MayManageWebhooks,
    cursors: Cursors,
    state: State | None = None,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> DeliveryList:
    """What it was sent and is to be sent, the newest first."""
    await queries.get_endpoint(db, webhook_id)
    name = f"webhook deliveries {state} {webhook_id}"
    after = cursors.read(name, cursor)
    page = await queries.list_deliveries(
        db, webhook_id, state=state, after=str(after[0]) if after else None, limit=limit
    )
    return DeliveryList(
        items=[DeliverySummary.of(*one) for one in page.deliveries],
        next_cursor=cursors.write(name, page.last),
    )


@router.get("/webhook-deliveries/{delivery_id}")
async def get_delivery(db: Transaction, delivery_id: UUID, _: MayManageWebhooks) -> DeliveryDetails:
    """One delivery: what is sent, and what became of each attempt."""
    found = await queries.get_delivery(db, delivery_id)
    return DeliveryDetails.with_log(*found, await queries.list_attempts(db, delivery_id))


@router.post("/webhook-deliveries/{delivery_id}/replay", status_code=status.HTTP_202_ACCEPTED)
async def replay_delivery(
    db: Transaction, delivery_id: UUID, by: MayManageWebhooks, origin: RequestOrigin
) -> DeliverySummary:
    """Send one event again, with the same `webhook-id`."""
    found = await replays.replay_delivery(db, delivery_id, by=by, origin=origin)
    return DeliverySummary.of(*found)
