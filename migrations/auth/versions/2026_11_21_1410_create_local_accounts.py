"""Create what local accounts need: codes, confirmations, resets and changes of address.

Revises: 5d0b7c94e1f2
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "8e42f1d6a7b3"
down_revision = "5d0b7c94e1f2"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"
MOMENT = sa.DateTime(timezone=True)

NOTICE_VERIFICATION = """
CREATE FUNCTION notice_verification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'user ' || uid)
    FROM account_security WHERE user_id IN (OLD.user_id, NEW.user_id);
    RETURN NULL;
END
$$
"""
NOTICE_VERIFICATION_TRIGGER = """
CREATE TRIGGER email_verifications_notice AFTER INSERT OR DELETE ON email_verifications
FOR EACH ROW EXECUTE FUNCTION notice_verification()
"""


def upgrade() -> None:
    _create_email_verifications()
    _create_registration_codes()
    _create_password_resets()
    _create_email_changes()


def downgrade() -> None:
    for table in (
        "email_changes",
        "password_resets",
        "registration_codes",
        "email_verifications",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION notice_verification()")


def _create_email_verifications() -> None:
    op.create_table(
        "email_verifications",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("role", sa.String(32), server_default=sa.text("'member'"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("sent_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="email_verifications_pkey"),
        sa.UniqueConstraint("token_hash", name="email_verifications_token_hash_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="email_verifications_user_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "role::text IN ('member', 'officer', 'admin')",
            name=op.f("email_verifications_role_known_check"),
        ),
    )
    op.create_index(
        "email_verifications_email_idx", "email_verifications", [sa.text("lower(email)")]
    )
    op.create_index("email_verifications_created_at_idx", "email_verifications", ["created_at"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON email_verifications TO {SERVICE}")
    op.execute(NOTICE_VERIFICATION)
    op.execute(NOTICE_VERIFICATION_TRIGGER)


def _create_registration_codes() -> None:
    op.create_table(
        "registration_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(100), server_default=sa.text("''"), nullable=False),
        sa.Column("role", sa.String(32), server_default=sa.text("'member'"), nullable=False),
        sa.Column("max_uses", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="registration_codes_pkey"),
        sa.UniqueConstraint("code_hash", name="registration_codes_code_hash_key"),
        sa.CheckConstraint(
            "uses >= 0 AND uses <= max_uses",
            name=op.f("registration_codes_uses_within_limit_check"),
        ),
        sa.CheckConstraint(
            "role::text IN ('member', 'officer', 'admin')",
            name=op.f("registration_codes_role_known_check"),
        ),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON registration_codes TO {SERVICE}")


def _create_password_resets() -> None:
    op.create_table(
        "password_resets",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="password_resets_pkey"),
        sa.UniqueConstraint("user_id", name="password_resets_user_id_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="password_resets_user_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("password_resets_expires_at_idx", "password_resets", ["expires_at"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON password_resets TO {SERVICE}")


def _create_email_changes() -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("old_email", sa.String(320)),
        sa.Column("new_email", sa.String(320), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("undo_hash", sa.LargeBinary()),
        sa.Column("undo_expires_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="email_changes_pkey"),
        sa.UniqueConstraint("token_hash", name="email_changes_token_hash_key"),
        sa.UniqueConstraint("undo_hash", name="email_changes_undo_hash_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="email_changes_user_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "confirmed_at IS NOT NULL OR (undo_hash IS NULL AND undo_expires_at IS NULL)",
            name=op.f("email_changes_undo_after_confirmation_check"),
        ),
    )
    op.create_index("email_changes_user_id_idx", "email_changes", ["user_id", "id"])
    op.create_index(
        "email_changes_pending_key",
        "email_changes",
        ["user_id"],
        unique=True,
        postgresql_where="confirmed_at IS NULL",
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON email_changes TO {SERVICE}")
