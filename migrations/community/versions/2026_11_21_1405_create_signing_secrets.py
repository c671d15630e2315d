"""Keep the key that signs cursors, the same for every process.

Revises: 4a1c7d20be95
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "7be2059c14d3"
down_revision = "4a1c7d20be95"
branch_labels = None
depends_on = None

# Random, version 4: 244 random bits from PostgreSQL's strong source.
SEED = """
INSERT INTO signing_secrets (name, value)
VALUES ('cursors', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
"""


def upgrade() -> None:
    op.create_table(
        "signing_secrets",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="signing_secrets_pkey"),
        sa.CheckConstraint(
            "octet_length(value) >= 32", name=op.f("signing_secrets_value_long_check")
        ),
    )
    op.execute("GRANT SELECT ON signing_secrets TO farout_app")
    op.execute(SEED)


def downgrade() -> None:
    op.drop_table("signing_secrets")
