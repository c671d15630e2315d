"""Find the trainings that are about to expire.

Revises: 5a7f20cd3e94
Created: 2026-11-21
"""

from alembic import op

revision = "c81e64fb0a35"
down_revision = "5a7f20cd3e94"
branch_labels = None
depends_on = None

EXPIRING = """
CREATE INDEX completions_expires_on_idx ON completions (expires_on, id)
WHERE revoked_at IS NULL AND expires_on IS NOT NULL
"""


def upgrade() -> None:
    op.execute(EXPIRING)


def downgrade() -> None:
    op.execute("DROP INDEX completions_expires_on_idx")
