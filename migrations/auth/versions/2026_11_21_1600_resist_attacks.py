"""Count tries at passwords, remember devices, and limit rates.

Revises: 5d20c4a9e7b1
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "91e7b3d05c42"
down_revision = "5d20c4a9e7b1"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"
TABLES = ("login_attempts", "known_devices", "rate_limits")
SCOPES = "scope::text IN ('pair', 'account', 'network', 'device')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "login_attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("held_until", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="login_attempts_pkey"),
        sa.CheckConstraint(SCOPES, name=op.f("login_attempts_scope_known_check")),
    )
    op.create_index("login_attempts_last_at_idx", "login_attempts", ["last_at"])
    op.create_table(
        "known_devices",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_used_at", moment, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "token_hash", name="known_devices_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="known_devices_user_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("known_devices_last_used_at_idx", "known_devices", ["last_used_at"])
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("full_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="rate_limits_pkey"),
        prefixes=["UNLOGGED"],
    )
    op.create_index("rate_limits_full_at_idx", "rate_limits", ["full_at"])
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
