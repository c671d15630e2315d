"""Bind the linking of a Discord account to the session that began it.

Revises: 8e42f1d6a7b3
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "b6c90d3f5e18"
down_revision = "8e42f1d6a7b3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_states", sa.Column("session_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("oauth_states", "session_id")
