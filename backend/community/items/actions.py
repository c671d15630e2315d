"""Items and their stock: each movement is a line of the ledger, under the item's row lock."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.items.errors import (
    ItemArchived,
    NotEnoughHeld,
    NotEnoughInStock,
    StockTooLarge,
)
from backend.community.items.queries import get_item
from backend.community.items.schemas import ItemEdit, Lending, NewItem, StockMovement
from backend.community.members.queries import find_uid, get_member
from backend.community.models import Item, ItemHolding, ItemMovement

_LARGEST_STOCK = 2**31 - 1


async def add_item(db: AsyncSession, new: NewItem, *, by: Access, origin: Origin) -> Item:
    item = Item(name=new.name, description=new.description or None)
    db.add(item)
    await db.flush()
    await db.refresh(item)
    record(db, "item.added", actor=by.uid, target=None, origin=origin, item=str(item.id))
    return item


async def edit_item(
    db: AsyncSession, item_id: UUID, edit: ItemEdit, *, by: Access, origin: Origin
) -> Item:
    """Rename, describe, archive or bring back an item; raises ItemNotFound."""
    item = await get_item(db, item_id, lock=True)
    wanted = edit.model_dump(exclude_none=True, exclude={"archived"})
    if "description" in wanted:
        wanted["description"] = wanted["description"] or None
    changed = sorted(name for name, value in wanted.items() if getattr(item, name) != value)
    for name in changed:
        setattr(item, name, wanted[name])
    if edit.archived is not None and edit.archived != (item.archived_at is not None):
        item.archived_at = datetime.now(UTC) if edit.archived else None
        changed.append("archived")
    if changed:
        record(
            db, "item.edited", actor=by.uid, target=None, origin=origin, item=str(item.id),
            changed=changed, name=item.name,
        )  # fmt: skip
    return item


async def move_stock(
    db: AsyncSession, item_id: UUID, wanted: StockMovement, *, by: Access, origin: Origin
) -> ItemMovement:
    """Put into stock, or take out for good; raises NotEnoughInStock, StockTooLarge, ItemArchived."""
    item = await get_item(db, item_id, lock=True)
    if wanted.kind == "removed":
        if item.stock < wanted.quantity:
            raise NotEnoughInStock
        item.stock -= wanted.quantity
    else:
        _check_in_use(item)
        if item.stock + item.issued + wanted.quantity > _LARGEST_STOCK:
            raise StockTooLarge
        item.stock += wanted.quantity
    movement = await _note_down(db, item, wanted, member_id=None, by=by)
    record(
        db, f"item.{wanted.kind}", actor=by.uid, target=None, origin=origin, item=str(item.id),
        quantity=wanted.quantity, stock=item.stock,
    )  # fmt: skip
    return movement


async def lend(
    db: AsyncSession, item_id: UUID, wanted: Lending, *, by: Access, origin: Origin
) -> ItemMovement:
    """Issue to a member, or take back; raises NotEnoughInStock, NotEnoughHeld, ItemArchived."""
    member = await get_member(db, wanted.discord_id)
    item = await get_item(db, item_id, lock=True)
    quantity = wanted.quantity if wanted.kind == "issued" else -wanted.quantity
    if quantity > 0:
        _check_in_use(item)
    if item.stock < quantity:
        raise NotEnoughInStock
    # The item's lock is ours, so nobody else changes who holds it.
    holding = await _get_holding(db, item.id, member.id)
    if holding.quantity + quantity < 0:
        raise NotEnoughHeld
    holding.quantity += quantity
    item.stock, item.issued = item.stock - quantity, item.issued + quantity
    movement = await _note_down(db, item, wanted, member_id=member.id, by=by)
    record(
        db, f"item.{wanted.kind}", actor=by.uid, target=await find_uid(db, wanted.discord_id),
        origin=origin, item=str(item.id), quantity=wanted.quantity, stock=item.stock,
        discord_id=wanted.discord_id,
    )  # fmt: skip
    return movement


def _check_in_use(item: Item) -> None:
    if item.archived_at is not None:
        raise ItemArchived


async def _get_holding(db: AsyncSession, item_id: UUID, member_id: int) -> ItemHolding:
    none = insert(ItemHolding).values(item_id=item_id, member_id=member_id, quantity=0)
    await db.execute(none.on_conflict_do_nothing())
    held = select(ItemHolding).where(
        ItemHolding.item_id == item_id, ItemHolding.member_id == member_id
    )
    return (await db.scalars(held)).one()


async def _note_down(
    db: AsyncSession,
    item: Item,
    wanted: StockMovement | Lending,
    *,
    member_id: int | None,
    by: Access,
) -> ItemMovement:
    movement = ItemMovement(
        item_id=item.id,
        kind=wanted.kind,
        quantity=wanted.quantity,
        member_id=member_id,
        note=wanted.note or None,
        moved_by=by.uid,
    )
    db.add(movement)
    await db.flush()
    await db.refresh(movement)
    return movement
