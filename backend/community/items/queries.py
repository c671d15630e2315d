from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.items.errors import ItemNotFound
from backend.community.items.schemas import Holding, MovementDetails
from backend.community.members.queries import get_member
from backend.community.models import Item, ItemHolding, ItemMovement, Member
from backend.web.cursors import Position


@dataclass(frozen=True)
class Page:
    """Some rows; ``last`` is where the next page goes on."""

    rows: Sequence[Any]
    last: Position | None


async def list_items(db: AsyncSession, *, after: Position | None, limit: int) -> Page:
    """Return items by name, archived ones included."""
    name = func.lower(Item.name)
    items = select(Item, name).order_by(name, Item.id).limit(limit + 1)
    if after is not None:
        items = items.where(tuple_(name, Item.id) > tuple_(after[0], UUID(str(after[1]))))
    rows = (await db.execute(items)).all()
    page = rows[:limit]
    last = (page[-1][1], str(page[-1][0].id)) if len(rows) > limit else None
    return Page([row[0] for row in page], last)


async def get_item(db: AsyncSession, item_id: UUID, *, lock: bool = False) -> Item:
    item = await db.get(Item, item_id, with_for_update=lock or None)
    if item is None:
        raise ItemNotFound
    return item


async def list_movements(
    db: AsyncSession, item_id: UUID, *, after: Position | None, limit: int
) -> Page:
    """Return an item's ledger, newest first; raises ItemNotFound."""
    await get_item(db, item_id)
    movements = (
        select(ItemMovement, Member.discord_id)
        .outerjoin(Member, Member.id == ItemMovement.member_id)
        .where(ItemMovement.item_id == item_id)
        .order_by(ItemMovement.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        movements = movements.where(ItemMovement.id < int(after[0]))
    rows = (await db.execute(movements)).all()
    page = rows[:limit]
    last = (page[-1][0].id,) if len(rows) > limit else None
    return Page([movement_details(*row) for row in page], last)


def movement_details(movement: ItemMovement, discord_id: str | None) -> MovementDetails:
    return MovementDetails.model_validate(
        {
            "id": str(movement.id),
            "kind": movement.kind,
            "quantity": movement.quantity,
            "discord_id": discord_id,
            "note": movement.note,
            "moved_by": movement.moved_by,
            "at": movement.at,
        }
    )


async def list_holdings(db: AsyncSession, discord_id: str) -> list[Holding]:
    """Return what a member has, by name; raises MemberNotFound."""
    member = await get_member(db, discord_id)
    held = (
        select(Item.id, Item.name, ItemHolding.quantity)
        .join(Item, Item.id == ItemHolding.item_id)
        .where(ItemHolding.member_id == member.id, ItemHolding.quantity > 0)
        .order_by(func.lower(Item.name), Item.id)
    )
    rows = (await db.execute(held)).all()
    return [Holding(item_id=row[0], name=row[1], quantity=row[2]) for row in rows]


async def list_holders(
    db: AsyncSession, item_id: UUID, *, after: Position | None, limit: int
) -> Page:
    """Return who has an item and how many, the oldest member first, those who have left too."""
    beyond = int(after[0]) if after else 0
    held = (
        select(Member.id, Member.discord_id, Member.display_name, ItemHolding.quantity)
        .join(ItemHolding, ItemHolding.member_id == Member.id)
        .where(ItemHolding.item_id == item_id, ItemHolding.quantity > 0)
        # Said of both, so that neither is walked from its beginning.
        .where(ItemHolding.member_id > beyond, Member.id > beyond)
        .order_by(ItemHolding.member_id)
        .limit(limit + 1)
    )
    rows = (await db.execute(held)).all()
    page = rows[:limit]
    return Page(page, (page[-1].id,) if len(rows) > limit else None)


async def list_wrong_stocks(db: AsyncSession) -> list[str]:
    """Return the ids of items whose ledger says something else than their stock."""
    kind, quantity = ItemMovement.kind, ItemMovement.quantity
    lent = func.sum(quantity).filter(kind == "issued")
    back = func.sum(quantity).filter(kind == "returned")
    put = func.sum(quantity).filter(kind == "stocked")
    taken = func.sum(quantity).filter(kind == "removed")
    out = func.coalesce(lent, 0) - func.coalesce(back, 0)
    stock = func.coalesce(put, 0) - func.coalesce(taken, 0) - out
    sums = (
        select(Item.id)
        .outerjoin(ItemMovement, ItemMovement.item_id == Item.id)
        .group_by(Item.id)
        .having((Item.stock != stock) | (Item.issued != out))
    )
    return [str(item_id) for item_id in (await db.scalars(sums)).all()]
