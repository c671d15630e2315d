"""Where the auth service sends its events: signed requests, no session and no token."""

import logging
from uuid import UUID, uuid5

from fastapi import APIRouter, Request, Response, status

from backend.bridge.event_codec import EventMalformed, EventUnknown, EventUnreadable, decode
from backend.bridge.signatures import SignatureRefused, verify
from backend.community.dependencies import RunningCommunity
from backend.community.mirror import actions
from backend.community.mirror.errors import (
    EventBodyUnreadable,
    EventInvalid,
    WebhookRefused,
    WebhookUnsupported,
)
from backend.community.side import Community
from backend.database import ValuesRefused

log = logging.getLogger(__name__)

router = APIRouter(prefix="/internal", tags=["internal"])

# For ids that are no UUIDs: Standard Webhooks leaves their form to the sender.
_FOREIGN_IDS = UUID("7c0a2e0c-52c4-4d0c-9a3e-0f5b6f6a3b1d")


@router.post(
    "/events",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={status.HTTP_202_ACCEPTED: {"description": "Kept; its kind is unknown here"}},
)
async def take_event(request: Request, community: RunningCommunity) -> Response:
    """Take in one event of the auth side (Standard Webhooks headers).

    204: applied, or older than what is known. 202: of a kind that this version does not know; kept
    for `farout sync replay`.
    """
    body = await _signed_body(request, community.webhook_keys)
    event_id = _uuid_of(request.headers["webhook-id"])
    try:
        is_known = await _take_in(community, event_id, body)
    except EventUnreadable as error:
        raise EventBodyUnreadable(str(error)) from None
    except EventMalformed as error:
        raise EventInvalid(str(error)) from None
    except ValuesRefused as error:
        raise EventInvalid(f"the mirror cannot hold it: {error}") from None
    return Response(
        status_code=status.HTTP_204_NO_CONTENT if is_known else status.HTTP_202_ACCEPTED
    )


async def _take_in(community: Community, event_id: UUID, body: bytes) -> bool:
    """Apply the event, or park one of an unknown kind and return False."""
    try:
        event = decode(body, event_id=event_id)
    except EventUnknown as error:
        await actions.park(community.sync_database, event_id, body, reason=str(error))
        return False
    await actions.apply_events(community.sync_database, [event])
    return True


async def _signed_body(request: Request, keys: tuple[bytes, ...]) -> bytes:
    if not keys:
        raise WebhookRefused("WEBHOOK_SECRETS is not set on this service")
    body = await request.body()
    try:
        verify(keys, request.headers, body)
    except SignatureRefused as refusal:
        log.warning("webhook refused", extra={"action": "webhook.refused", "reason": str(refusal)})
        raise WebhookRefused(str(refusal)) from None
    if request.headers.get("content-encoding", "identity") != "identity":
        raise WebhookUnsupported
    return body


def _uuid_of(message_id: str) -> UUID:
    try:
        return UUID(message_id)
    except ValueError:
        return uuid5(_FOREIGN_IDS, message_id)
