"""Let a signing key be published before it signs.

Revises: e81b3f09d7c2
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "a94e6d215b30"
down_revision = "e81b3f09d7c2"
branch_labels = None
depends_on = None

NOTICE_KEY = """
CREATE FUNCTION notice_signing_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'all');
    RETURN NULL;
END
$$
"""
NOTICE_KEY_TRIGGER = """
CREATE TRIGGER signing_keys_notice AFTER UPDATE ON signing_keys
FOR EACH ROW WHEN (NEW.retired_at IS DISTINCT FROM OLD.retired_at)
EXECUTE FUNCTION notice_signing_key()
"""


def upgrade() -> None:
    op.add_column(
        "signing_keys",
        sa.Column(
            "signs_from",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
    )
    op.execute("UPDATE signing_keys SET signs_from = created_at")
    op.execute(NOTICE_KEY)
    op.execute(NOTICE_KEY_TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER signing_keys_notice ON signing_keys")
    op.execute("DROP FUNCTION notice_signing_key()")
    op.drop_column("signing_keys", "signs_from")
