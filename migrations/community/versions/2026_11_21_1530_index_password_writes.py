"""Index the attempts to write a password.

Revises: 91d5be7043fa
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "5b0c7e19d2a4"
down_revision = "91d5be7043fa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "audit_log_password_writes_idx",
        "audit_log",
        ["at"],
        postgresql_where=sa.text("action::text = 'password_write.refused'"),
    )


def downgrade() -> None:
    op.drop_index("audit_log_password_writes_idx", "audit_log")
