"""Make members findable at any number, and record who left.

Revises: c03f8a61e7d2
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "e85b10d97a4c"
down_revision = "c03f8a61e7d2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In a schema of its own, so that the extension's functions are not taken for ours.
    op.execute("CREATE SCHEMA IF NOT EXISTS extensions")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions")
    _create_indexes()
    op.create_table(
        "departures",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "left_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.PrimaryKeyConstraint("member_id", name="departures_pkey"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="departures_member_id_fkey"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON departures TO farout_app")


def _create_indexes() -> None:
    op.create_index(
        "members_display_name_trgm_idx",
        "members",
        [sa.text("lower(display_name) extensions.gin_trgm_ops")],
        postgresql_using="gin",
    )
    for column in ("missions_completed", "trainings_completed"):
        op.create_index(
            f"members_{column}_idx",
            "members",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "jsonb_path_ops"},
        )
    op.create_index("members_created_at_idx", "members", ["created_at", "id"])
    op.create_index(
        "members_rank_name_idx", "members", ["rank", sa.text("lower(display_name)"), "id"]
    )
    op.create_index(
        "members_last_mission_idx", "members", [sa.text("(stats #>> '{last,mission_at}')")]
    )


def downgrade() -> None:
    op.drop_table("departures")
    for name in (
        "display_name_trgm", "missions_completed", "trainings_completed", "created_at", "rank_name",
        "last_mission",
    ):  # fmt: skip
        op.drop_index(f"members_{name}_idx", "members")
    op.execute("DROP EXTENSION pg_trgm")
    op.execute("DROP SCHEMA extensions")
