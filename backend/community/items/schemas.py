from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.community.text_fields import Remark, Title

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
Kind = Literal["stocked", "removed", "issued", "returned"]
MemberId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]


class ItemDetails(BaseModel):
    """An item: how many are in stock, and how many are with members."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str | None
    stock: int
    issued: int
    archived_at: datetime | None
    created_at: datetime


class ItemList(BaseModel):
    items: list[ItemDetails]
    next_cursor: str | None


class NewItem(BaseModel):
    """A new item of the catalogue; its stock begins at nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Title
    description: Remark | None = None


class ItemEdit(BaseModel):
    """What to change of an item; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Title | None = None
    description: Remark | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ItemEdit":
        if self.name is None and self.description is None and self.archived is None:
            raise ValueError("give name, description or archived")
        return self


class StockMovement(BaseModel):
    """Put into stock or take out of it for good."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["stocked", "removed"]
    quantity: Quantity
    note: Remark | None = None


class Lending(BaseModel):
    """Issue to a member, or take back from them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["issued", "returned"]
    discord_id: MemberId
    quantity: Quantity
    note: Remark | None = None


class MovementDetails(BaseModel):
    """One line of an item's ledger."""

    id: str
    kind: Kind
    quantity: int
    discord_id: str | None
    note: str | None
    moved_by: UUID
    at: datetime


class MovementList(BaseModel):
    items: list[MovementDetails]
    next_cursor: str | None


class Holding(BaseModel):
    """How many of an item a member has."""

    item_id: UUID
    name: str
    quantity: int


class HoldingList(BaseModel):
    items: list[Holding]


PageSize = Annotated[int, Field(ge=1, le=200)]
