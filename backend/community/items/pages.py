from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status
from starlette.responses import RedirectResponse

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, RequestOrigin, Transaction
from backend.community.idempotency.forms import is_first
from backend.community.items import actions, queries
from backend.community.items.schemas import ItemEdit, Lending, NewItem, StockMovement
from backend.community.members.lookup import find_meant
from backend.community.members.queries import list_names, list_names_by_uid
from backend.web.cursors import SignedCursors
from backend.web.forms import Refusal, Sent, attempt
from backend.web.pages import render

router = APIRouter(prefix="/items", include_in_schema=False)

MaySee = Annotated[Access, Needs(Permission.ITEMS_READ)]
MayManage = Annotated[Access, Needs(Permission.ITEMS_MANAGE)]
MayIssue = Annotated[Access, Needs(Permission.ITEMS_ISSUE)]
# Comes from a member's page, for whom something is to be issued.
ForMember = Annotated[str, Query(max_length=20, pattern=r"^[0-9]*$")]

_PAGE_SIZE = 50
_LINES = 25
_DONE = {
    "added": "The item is in the catalogue. Put some into stock.",
    "edited": "The item was changed.",
    "moved": "The stock was changed.",
    "issued": "It was issued.",
    "returned": "It was taken back.",
    "repeated": "This was sent twice, and done once.",
}


@router.get("")
async def items_page(
    request: Request,
    db: Transaction,
    _: MaySee,
    cursors: Cursors,
    member: ForMember = "",
    cursor: str | None = None,
) -> Response:
    return await _list(request, db, cursors, member=member, cursor=cursor)


@router.post("")
async def add_item(
    request: Request,
    db: Transaction,
    by: MayManage,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "new") as tried:
        new = NewItem(name=sent.value("name"), description=sent.maybe("description"))
        item = await actions.add_item(db, new, by=by, origin=origin)
    if tried.refusal:
        return await _list(request, db, cursors, refused=tried.refusal)
    return _done(item.id, "added")


@router.get("/{item_id}")
async def item_page(
    request: Request,
    db: Transaction,
    item_id: UUID,
    reader: MaySee,
    cursors: Cursors,
    member: ForMember = "",
    kind: str = "issued",
    done: str = "",
    cursor: str | None = None,
    holders: str | None = None,
) -> Response:
    return await _page(
        request, db, item_id, reader, cursors, member=member, kind=kind, done=done, cursor=cursor,
        holders=holders,
    )  # fmt: skip


@router.post("/{item_id}/edit")
async def edit_item(
    request: Request,
    db: Transaction,
    item_id: UUID,
    by: MayManage,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "edit") as tried:
        edit = ItemEdit(
            name=sent.value("name"),
            description=sent.value("description"),
            archived=sent.has("archived"),
        )
        await actions.edit_item(db, item_id, edit, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, item_id, by, cursors, refused=tried.refusal)
    return _done(item_id, "edited")


@router.post("/{item_id}/stock")
async def move_stock(
    request: Request,
    db: Transaction,
    item_id: UUID,
    by: MayManage,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "stock") as tried:
        wanted = StockMovement.model_validate(
            {
                "kind": sent.value("kind"),
                "quantity": sent.number("quantity"),
                "note": sent.maybe("note"),
            }
        )
        first = await is_first(db, request, sent, by)
        if first:
            await actions.move_stock(db, item_id, wanted, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, item_id, by, cursors, refused=tried.refusal)
    return _done(item_id, "moved" if first else "repeated")


@router.post("/{item_id}/lendings")
async def lend(
    request: Request,
    db: Transaction,
    item_id: UUID,
    by: MayIssue,
    origin: RequestOrigin,
    cursors: Cursors,
    sent: Sent,
) -> Response:
    async with attempt(db, sent, "lending") as tried:
        wanted = Lending.model_validate(
            {
                "kind": sent.value("kind"),
                "discord_id": (await find_meant(db, sent.value("member"))).discord_id,
                "quantity": sent.number("quantity"),
                "note": sent.maybe("note"),
            }
        )
        first = await is_first(db, request, sent, by)
        if first:
            await actions.lend(db, item_id, wanted, by=by, origin=origin)
    if tried.refusal:
        return await _page(request, db, item_id, by, cursors, refused=tried.refusal)
    return _done(item_id, wanted.kind if first else "repeated")


async def _list(
    request: Request,
    db: Transaction,
    cursors: SignedCursors,
    *,
    member: str = "",
    cursor: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    page = await queries.list_items(db, after=cursors.read("items", cursor), limit=_PAGE_SIZE)
    following = cursors.write("items", page.last)
    query = ({"member": member} if member else {}) | {"cursor": following}
    return render(
        request,
        "items.html",
        status=refused.status if refused else status.HTTP_200_OK,
        items=page.rows,
        member=member,
        member_name=(await list_names(db, [member])).get(member) if member else None,
        next_url=f"/items?{urlencode(query)}" if following else None,
        refused=refused,
    )


async def _page(
    request: Request,
    db: Transaction,
    item_id: UUID,
    reader: Access,
    cursors: SignedCursors,
    *,
    member: str = "",
    kind: str = "issued",
    done: str = "",
    cursor: str | None = None,
    holders: str | None = None,
    refused: Refusal | None = None,
) -> Response:
    item = await queries.get_item(db, item_id)
    listed = f"movements of {item_id}"
    after = cursors.read(listed, cursor)
    held = f"holders of {item_id}"
    beyond = cursors.read(held, holders)
    ledger = having = queries.Page((), None)
    if reader.may(Permission.ITEMS_ISSUE):
        ledger = await queries.list_movements(db, item_id, after=after, limit=_LINES)
        having = await queries.list_holders(db, item_id, after=beyond, limit=_LINES)
    following = cursors.write(listed, ledger.last)
    more = cursors.write(held, having.last)
    return render(
        request,
        "item.html",
        status=refused.status if refused else status.HTTP_200_OK,
        item=item,
        movements=ledger.rows,
        holders=having.rows,
        more_holders=f"/items/{item_id}?{urlencode({'holders': more})}" if more else None,
        names=await list_names(db, {one.discord_id for one in ledger.rows if one.discord_id}),
        movers=await list_names_by_uid(db, {one.moved_by for one in ledger.rows}),
        member=member,
        kind=kind,
        next_url=f"/items/{item_id}?{urlencode({'cursor': following})}" if following else None,
        message=_DONE.get(done),
        refused=refused,
    )


def _done(item_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/items/{item_id}?done={done}", status.HTTP_303_SEE_OTHER)
