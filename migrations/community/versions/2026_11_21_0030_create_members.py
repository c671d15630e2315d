"""Create members.

Revises: nothing
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2f64d8b3c710"
down_revision = None
branch_labels = None
depends_on = None

TOUCH = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$
"""
TOUCH_TRIGGER = """
CREATE TRIGGER members_touch_updated_at BEFORE UPDATE ON members
FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("discord_id", sa.String(20), nullable=False),
        sa.Column("display_name", sa.String(100), nullable=False),
        sa.Column("bio", sa.Text()),
        sa.Column("avatar_url", sa.Text()),
        sa.Column("rank", sa.String(64), server_default=sa.text("'member'"), nullable=False),
        _document("missions_completed", "[]"),
        _document("trainings_completed", "[]"),
        _document("stats", "{}"),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="members_pkey"),
        sa.UniqueConstraint("discord_id", name="members_discord_id_key"),
        sa.CheckConstraint(
            "discord_id ~ '^[0-9]{1,20}$'", name=op.f("members_discord_id_digits_check")
        ),
        sa.CheckConstraint(
            "jsonb_typeof(missions_completed) = 'array'", name=op.f("members_missions_array_check")
        ),
        sa.CheckConstraint(
            "jsonb_typeof(trainings_completed) = 'array'",
            name=op.f("members_trainings_array_check"),
        ),
        sa.CheckConstraint(
            "jsonb_typeof(stats) = 'object'", name=op.f("members_stats_object_check")
        ),
    )
    op.create_index("members_rank_idx", "members", ["rank"])
    op.create_index(
        "members_lower_display_name_idx", "members", [sa.text("lower(display_name)"), "id"]
    )
    op.execute(TOUCH)
    op.execute(TOUCH_TRIGGER)
    op.execute("GRANT SELECT, INSERT, UPDATE ON members TO farout_app")
    op.execute("GRANT SELECT, INSERT ON members TO farout_sync")
    op.execute("GRANT SELECT ON alembic_version TO farout_app, farout_sync")


def downgrade() -> None:
    op.drop_table("members")
    op.execute("DROP FUNCTION touch_updated_at()")


def _document(name: str, empty: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.JSONB(), server_default=sa.text(f"'{empty}'::jsonb"), nullable=False
    )
