"""Create posts, and items with the ledger of their stock.

Revises: e85b10d97a4c
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "1d9c64f2b8e0"
down_revision = "e85b10d97a4c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_posts()
    _create_items()
    _create_item_holdings()
    _create_item_movements()


def downgrade() -> None:
    for table in ("item_movements", "item_holdings", "items", "blog_posts"):
        op.drop_table(table)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _uuid() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def _create_posts() -> None:
    op.create_table(
        "blog_posts",
        _uuid(),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("minimum_rank", sa.String(64)),
        sa.Column("author_uid", sa.Uuid(), nullable=False),
        _moment("publish_at", nullable=True),
        _moment("archived_at", nullable=True),
        _moment("created_at"),
        _moment("edited_at"),
        sa.PrimaryKeyConstraint("id", name="blog_posts_pkey"),
        sa.ForeignKeyConstraint(
            ["minimum_rank"], ["ranks.code"], name="blog_posts_minimum_rank_fkey"
        ),
        sa.CheckConstraint(
            "archived_at IS NULL OR publish_at IS NOT NULL",
            name=op.f("blog_posts_archived_was_published_check"),
        ),
    )
    op.create_index("blog_posts_publish_at_idx", "blog_posts", ["publish_at", "id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON blog_posts TO farout_app")


def _create_items() -> None:
    op.create_table(
        "items",
        _uuid(),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("stock", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("issued", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _moment("archived_at", nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="items_pkey"),
        sa.CheckConstraint("stock >= 0", name=op.f("items_stock_not_negative_check")),
        sa.CheckConstraint("issued >= 0", name=op.f("items_issued_not_negative_check")),
    )
    op.create_index("items_name_idx", "items", [sa.text("lower(name)"), "id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON items TO farout_app")


def _create_item_holdings() -> None:
    op.create_table(
        "item_holdings",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "member_id", name="item_holdings_pkey"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="item_holdings_item_id_fkey"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="item_holdings_member_id_fkey"),
        sa.CheckConstraint("quantity >= 0", name=op.f("item_holdings_quantity_not_negative_check")),
    )
    op.create_index("item_holdings_member_id_idx", "item_holdings", ["member_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON item_holdings TO farout_app")


def _create_item_movements() -> None:
    op.create_table(
        "item_movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger()),
        sa.Column("note", sa.Text()),
        sa.Column("moved_by", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name="item_movements_pkey"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="item_movements_item_id_fkey"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="item_movements_member_id_fkey"
        ),
        sa.CheckConstraint(
            "kind IN ('stocked', 'removed', 'issued', 'returned')",
            name=op.f("item_movements_kind_known_check"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("item_movements_quantity_positive_check")),
        sa.CheckConstraint(
            "(kind IN ('issued', 'returned')) = (member_id IS NOT NULL)",
            name=op.f("item_movements_member_if_lent_check"),
        ),
    )
    op.create_index("item_movements_item_id_idx", "item_movements", ["item_id", "id"])
    op.execute("GRANT SELECT, INSERT ON item_movements TO farout_app")
