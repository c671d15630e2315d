"""Keep Discord's tokens, and what is still to be revoked there.

Revises: 5d20c7a4f618
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "e81b3f09d7c2"
down_revision = "5d20c7a4f618"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "oauth_tokens",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary()),
        sa.Column("scopes", sa.ARRAY(sa.String(64)), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column(
            "obtained_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("retry_at", moment),
        sa.Column("dead_at", moment),
        sa.PrimaryKeyConstraint("user_id", name="oauth_tokens_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="oauth_tokens_user_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "oauth_revocations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("discord_id", sa.String(20)),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", moment, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="oauth_revocations_pkey"),
    )
    op.create_index(
        "oauth_revocations_next_attempt_at_idx", "oauth_revocations", ["next_attempt_at"]
    )
    for table in ("oauth_tokens", "oauth_revocations"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE}")


def downgrade() -> None:
    op.drop_table("oauth_revocations")
    op.drop_table("oauth_tokens")
