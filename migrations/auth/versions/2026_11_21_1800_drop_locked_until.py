"""Drop what locked an account: wrong passwords are held back per network and device instead.

Revises: d48a6f1c93e0
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "3f71c0a9d2e6"
down_revision = "d48a6f1c93e0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("account_security", "locked_until")


def downgrade() -> None:
    op.add_column("account_security", sa.Column("locked_until", sa.DateTime(timezone=True)))
