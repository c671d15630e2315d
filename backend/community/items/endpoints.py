from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from backend.community.access.callers import CallerAccess, Needs
from backend.community.access.errors import PermissionRequired
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.dependencies import Cursors, DiscordId, RequestOrigin, Transaction
from backend.community.items import actions, queries
from backend.community.items.schemas import (
    HoldingList,
    ItemDetails,
    ItemEdit,
    ItemList,
    Lending,
    MovementDetails,
    MovementList,
    NewItem,
    PageSize,
    StockMovement,
)
from backend.community.models import Item
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api", tags=["items"], route_class=StrictRoute)

MaySee = Annotated[Access, Needs(Permission.ITEMS_READ)]
MayManage = Annotated[Access, Needs(Permission.ITEMS_MANAGE)]
MayIssue = Annotated[Access, Needs(Permission.ITEMS_ISSUE)]


@router.get("/items")
async def list_items(
    db: Transaction,
    _: MaySee,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> ItemList:
    """Items by name, archived ones included."""
    page = await queries.list_items(db, after=cursors.read("items", cursor), limit=limit)
    return ItemList(
        items=[ItemDetails.model_validate(item) for item in page.rows],
        next_cursor=cursors.write("items", page.last),
    )


@router.post("/items", response_model=ItemDetails, status_code=status.HTTP_201_CREATED)
async def add_item(db: Transaction, new: NewItem, by: MayManage, origin: RequestOrigin) -> Item:
    """Add an item to the catalogue."""
    return await actions.add_item(db, new, by=by, origin=origin)


@router.get("/items/{item_id}", response_model=ItemDetails)
async def get_item(db: Transaction, item_id: UUID, _: MaySee) -> Item:
    """One item."""
    return await queries.get_item(db, item_id)


@router.patch("/items/{item_id}", response_model=ItemDetails)
async def edit_item(
    db: Transaction, item_id: UUID, edit: ItemEdit, by: MayManage, origin: RequestOrigin
) -> Item:
    """Rename, describe, archive or bring back an item."""
    return await actions.edit_item(db, item_id, edit, by=by, origin=origin)


@router.get("/items/{item_id}/movements")
async def list_movements(
    db: Transaction,
    item_id: UUID,
    _: MayIssue,
    cursors: Cursors,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: str | None = None,
) -> MovementList:
    """The ledger of an item, newest first."""
    listed = f"movements of {item_id}"
    after = cursors.read(listed, cursor)
    page = await queries.list_movements(db, item_id, after=after, limit=limit)
    return MovementList(items=list(page.rows), next_cursor=cursors.write(listed, page.last))


@router.post("/items/{item_id}/stock", status_code=status.HTTP_201_CREATED)
async def move_stock(
    db: Transaction, item_id: UUID, wanted: StockMovement, by: MayManage, origin: RequestOrigin
) -> MovementDetails:
    """Put into stock, or take out for good."""
    movement = await actions.move_stock(db, item_id, wanted, by=by, origin=origin)
    return queries.movement_details(movement, None)


@router.post("/items/{item_id}/lendings", status_code=status.HTTP_201_CREATED)
async def lend(
    db: Transaction, item_id: UUID, wanted: Lending, by: MayIssue, origin: RequestOrigin
) -> MovementDetails:
    """Issue to a member, or take back from them."""
    movement = await actions.lend(db, item_id, wanted, by=by, origin=origin)
    return queries.movement_details(movement, wanted.discord_id)


@router.get("/members/{discord_id}/items")
async def list_holdings(
    db: Transaction, discord_id: DiscordId, access: CallerAccess
) -> HoldingList:
    """What a member has; for the member and for those who issue."""
    if access.discord_id != discord_id and not access.may(Permission.ITEMS_ISSUE):
        raise PermissionRequired(Permission.ITEMS_ISSUE)
    return HoldingList(items=await queries.list_holdings(db, discord_id))
