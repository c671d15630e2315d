"""Create API keys.

Revises: a27e5d38c1f6
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5f90b3e72d48"
down_revision = "a27e5d38c1f6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(64)), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="api_keys_pkey"),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)",
            name=op.f("api_keys_whole_revocation_check"),
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("api_keys_expires_later_check")),
    )
    op.create_index("api_keys_owner_uid_idx", "api_keys", ["owner_uid"])
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at, revoked_by) ON api_keys"
        " TO farout_app"
    )
    op.execute("INSERT INTO role_permissions VALUES ('admin', 'api_keys.manage')")


def downgrade() -> None:
    op.execute("DELETE FROM role_permissions WHERE permission = 'api_keys.manage'")
    op.drop_table("api_keys")
