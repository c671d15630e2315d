"""Queue mails.

Revises: c3f1a86be207
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "5d0b7c94e1f2"
down_revision = "c3f1a86be207"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("given_up_at", moment),
        sa.PrimaryKeyConstraint("id", name="mails_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="mails_user_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "(body IS NULL) = (given_up_at IS NOT NULL)",
            name=op.f("mails_body_until_given_up_check"),
        ),
    )
    op.create_index("mails_user_id_idx", "mails", ["user_id"])
    op.create_index(
        "mails_due_idx", "mails", ["next_attempt_at"], postgresql_where="given_up_at IS NULL"
    )
    op.create_index(
        "mails_given_up_idx", "mails", ["id"], postgresql_where="given_up_at IS NOT NULL"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON mails TO {SERVICE}")


def downgrade() -> None:
    op.drop_table("mails")
