from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, status
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.webhooks import actions, queries, replays
from backend.community.webhooks.callers import MayDirectWebhooks, MayManageWebhooks, WebhookRules
from backend.community.webhooks.errors import TargetRefused, TooManyWebhooks, WebhooksNotSetUp
from backend.community.webhooks.forms import WebhookForm, event_groups
from backend.community.webhooks.rules import Rules
from backend.community.webhooks.schemas import (
    MOST_WEBHOOKS,
    DeliveryDetails,
    DeliverySummary,
    NewWebhook,
    WebhookChange,
    WebhookDetails,
)
from backend.web.error_responses import status_of
from backend.web.pages import render

router = APIRouter(prefix="/webhooks", include_in_schema=False)

_PAGE_SIZE = 30
_DONE = {
    "saved": "The webhook was saved.",
    "deleted": "The webhook was deleted.",
    "tested": "A test is on its way. Load this page again in a moment to see what became of it.",
    "replayed": "What was given up sets out again.",
}
_REFUSALS = (TargetRefused, TooManyWebhooks, WebhooksNotSetUp)


@router.get("")
async def webhooks_page(
    request: Request, db: Transaction, _: MayManageWebhooks, rules: WebhookRules, done: str = ""
) -> Response:
    return await _list(request, db, rules, message=_DONE.get(done))


@router.post("")
async def create_webhook(
    request: Request,
    db: Transaction,
    by: MayDirectWebhooks,
    rules: WebhookRules,
    origin: RequestOrigin,
    form: WebhookForm,
) -> Response:
    try:
        new = NewWebhook(**form.fields)
        endpoint, secret = await actions.create_webhook(db, new, rules=rules, by=by, origin=origin)
    except ValidationError as error:
        return await _list(request, db, rules, given=form.fields, problem=form.complaint(error))
    except _REFUSALS as error:
        return await _list(
            request, db, rules, given=form.fields, problem=str(error), refused_as=status_of(error)
        )
    return _secret_page(request, WebhookDetails.of(endpoint), secret, is_new=True)


@router.get("/{webhook_id}")
async def webhook_page(
    request: Request,
    db: Transaction,
    _: MayManageWebhooks,
    cursors: Cursors,
    webhook_id: UUID,
    done: str = "",
    cursor: str | None = None,
) -> Response:
    name = f"webhook page {webhook_id}"
    after = cursors.read(name, cursor)
    page = await queries.list_deliveries(
        db, webhook_id, state=None, after=str(after[0]) if after else None, limit=_PAGE_SIZE
    )
    following = cursors.write(name, page.last)
    return await _one(
        request, db, webhook_id,
        message=_DONE.get(done), page=page,
        next_url=f"/webhooks/{webhook_id}?cursor={following}" if following else None,
    )  # fmt: skip


@router.post("/{webhook_id}")
async def save_webhook(
    request: Request,
    db: Transaction,
    by: MayDirectWebhooks,
    rules: WebhookRules,
    origin: RequestOrigin,
    webhook_id: UUID,
    form: WebhookForm,
    enabled: Annotated[bool, Form()] = False,
) -> Response:
    try:
        change = WebhookChange(**form.fields, enabled=enabled)
        await actions.change_webhook(db, webhook_id, change, rules=rules, by=by, origin=origin)
    except ValidationError as error:
        return await _one(request, db, webhook_id, given=form.fields, problem=form.complaint(error))
    except TargetRefused as error:
        return await _one(request, db, webhook_id, given=form.fields, problem=str(error))
    return _back(webhook_id, "saved")


@router.post("/{webhook_id}/secret")
async def rotate_secret(
    request: Request,
    db: Transaction,
    by: MayDirectWebhooks,
    rules: WebhookRules,
    origin: RequestOrigin,
    webhook_id: UUID,
) -> Response:
    endpoint, secret = await actions.rotate_secret(
        db, webhook_id, rules=rules, by=by, origin=origin
    )
    return _secret_page(request, WebhookDetails.of(endpoint), secret, is_new=False)


@router.post("/{webhook_id}/test")
async def send_test(
    db: Transaction, by: MayManageWebhooks, origin: RequestOrigin, webhook_id: UUID
) -> Response:
    await replays.send_test(db, webhook_id, by=by, origin=origin)
    return _back(webhook_id, "tested")


@router.post("/{webhook_id}/replay")
async def replay_given_up(
    db: Transaction,
    by: MayManageWebhooks,
    origin: RequestOrigin,
    webhook_id: UUID,
    days: Annotated[int, Form(ge=1, le=365)] = 7,
) -> Response:
    since = datetime.now(UTC) - timedelta(days=days)
    await replays.replay_given_up(db, webhook_id, since, by=by, origin=origin)
    return _back(webhook_id, "replayed")


@router.post("/{webhook_id}/delete")
async def delete_webhook(
    db: Transaction, by: MayManageWebhooks, origin: RequestOrigin, webhook_id: UUID
) -> Response:
    await actions.delete_webhook(db, webhook_id, by=by, origin=origin)
    return RedirectResponse("/webhooks?done=deleted", status.HTTP_303_SEE_OTHER)


@router.get("/{webhook_id}/deliveries/{delivery_id}")
async def delivery_page(
    request: Request, db: Transaction, _: MayManageWebhooks, webhook_id: UUID, delivery_id: UUID
) -> Response:
    found = await queries.get_delivery(db, delivery_id, endpoint_id=webhook_id)
    log = await queries.list_attempts(db, delivery_id)
    endpoint = await queries.get_endpoint(db, webhook_id)
    return render(
        request,
        "webhook_delivery.html",
        webhook=WebhookDetails.of(endpoint),
        delivery=DeliveryDetails.with_log(*found, log),
    )


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay")
async def replay_delivery(
    db: Transaction,
    by: MayManageWebhooks,
    origin: RequestOrigin,
    webhook_id: UUID,
    delivery_id: UUID,
) -> Response:
    await queries.get_delivery(db, delivery_id, endpoint_id=webhook_id)
    await replays.replay_delivery(db, delivery_id, by=by, origin=origin)
    address = f"/webhooks/{webhook_id}/deliveries/{delivery_id}"
    return RedirectResponse(address, status.HTTP_303_SEE_OTHER)


async def _list(
    request: Request,
    db: Transaction,
    rules: Rules,
    *,
    message: str | None = None,
    given: dict[str, Any] | None = None,
    problem: str | None = None,
    refused_as: int = status.HTTP_422_UNPROCESSABLE_CONTENT,
) -> Response:
    page = await queries.list_endpoints(db, after=None, limit=MOST_WEBHOOKS)
    return render(
        request,
        "webhooks.html",
        status=refused_as if problem else status.HTTP_200_OK,
        webhooks=[WebhookDetails.of(one) for one in page.endpoints],
        given=given or {"url": "", "description": "", "event_types": []},
        groups=event_groups(),
        is_set_up=rules.ring is not None,
        message=message,
        problem=problem,
    )


async def _one(
    request: Request,
    db: Transaction,
    webhook_id: UUID,
    *,
    message: str | None = None,
    given: dict[str, Any] | None = None,
    problem: str | None = None,
    page: queries.DeliveryPage | None = None,
    next_url: str | None = None,
) -> Response:
    webhook = WebhookDetails.of(await queries.get_endpoint(db, webhook_id))
    return render(
        request,
        "webhook.html",
        status=status.HTTP_422_UNPROCESSABLE_CONTENT if problem else status.HTTP_200_OK,
        webhook=webhook,
        given=given or webhook.model_dump(include={"url", "description", "event_types"}),
        groups=event_groups(),
        deliveries=[DeliverySummary.of(*one) for one in page.deliveries] if page else [],
        next_url=next_url,
        message=message,
        problem=problem,
    )


def _secret_page(
    request: Request, webhook: WebhookDetails, secret: str, *, is_new: bool
) -> Response:
    shown = render(request, "webhook_secret.html", webhook=webhook, secret=secret, is_new=is_new)
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _back(webhook_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/webhooks/{webhook_id}?done={done}", status.HTTP_303_SEE_OTHER)
