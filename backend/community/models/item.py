from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.community.models.base import Base
from backend.community.models.member import Member
from backend.tables import grants


class Item(Base):
    """Something that the community lends out. The stock is the sum of its movements."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint("stock >= 0", "stock_not_negative"),
        CheckConstraint("issued >= 0", "issued_not_negative"),
        Index("items_name_idx", text("lower(name)"), "id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(Text)
    stock: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    issued: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ItemHolding(Base):
    """How many of an item a member has."""

    __tablename__ = "item_holdings"
    __table_args__ = (
        CheckConstraint("quantity >= 0", "quantity_not_negative"),
        Index("item_holdings_member_id_idx", "member_id"),
        grants(farout_app="SELECT, INSERT, UPDATE"),
    )

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Item.id), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Member.id), primary_key=True, autoincrement=False
    )
    quantity: Mapped[int] = mapped_column(Integer)


class ItemMovement(Base):
    """The ledger of the stock: added and read, never changed."""

    __tablename__ = "item_movements"
    __table_args__ = (
        CheckConstraint("kind IN ('stocked', 'removed', 'issued', 'returned')", "kind_known"),
        CheckConstraint("quantity > 0", "quantity_positive"),
        CheckConstraint(
            "(kind IN ('issued', 'returned')) = (member_id IS NOT NULL)", "member_if_lent"
        ),
        Index("item_movements_item_id_idx", "item_id", "id"),
        grants(farout_app="SELECT, INSERT"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Item.id))
    kind: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[int] = mapped_column(Integer)
    member_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Member.id))
    note: Mapped[str | None] = mapped_column(Text)
    moved_by: Mapped[UUID] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
