"""The counters that the community keeps beside those of the record."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.counters import actions, queries
from backend.community.counters.schemas import NewCounter
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.members.callers import MaySeeMembers
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/leaderboards/counters", include_in_schema=False)

MayWriteStats = Annotated[Access, Needs(Permission.STATS_WRITE)]


@router.get("")
async def counters_page(
    request: Request, db: Transaction, _: MaySeeMembers, done: str = ""
) -> Response:
    return await _list(request, db, done=done)


@router.post("")
async def declare_counter(
    request: Request, db: Transaction, by: MayWriteStats, origin: RequestOrigin, sent: Sent
) -> Response:
    async with attempt(db, sent, "new") as tried:
        new = NewCounter.model_validate({"key": sent.value("key"), "title": sent.value("title")})
        await actions.declare_counter(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _list(request, db, refused=tried.refusal)
    return RedirectResponse("/leaderboards/counters?done=declared", status.HTTP_303_SEE_OTHER)


async def _list(
    request: Request, db: Transaction, *, done: str = "", refused: Refusal | None = None
) -> Response:
    declared = "The counter is there; nobody has any of it yet."
    return render(
        request,
        "counters.html",
        status=refused.status if refused else status.HTTP_200_OK,
        counters=await queries.list_counters(db),
        message=declared if done == "declared" else None,
        refused=refused,
    )
