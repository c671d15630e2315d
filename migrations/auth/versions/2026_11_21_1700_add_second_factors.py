"""Second factors: authenticator apps, recovery codes and passkeys.

Revises: 91e7b3d05c42
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "d48a6f1c93e0"
down_revision = "91e7b3d05c42"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"
TABLES = ("totp_secrets", "recovery_codes", "passkeys", "challenges")


def upgrade() -> None:
    for create in (_create_totp_secrets, _create_recovery_codes, _create_passkeys):
        create()
    _create_challenges()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("UPDATE account_security SET mfa_enabled = false WHERE mfa_enabled")


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.id"], name=f"{table}_user_id_fkey", ondelete="CASCADE"
    )


def _created_at() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )


def _create_totp_secrets() -> None:
    op.create_table(
        "totp_secrets",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        _created_at(),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger()),
        sa.PrimaryKeyConstraint("user_id", name="totp_secrets_pkey"),
        _of_user("totp_secrets"),
    )


def _create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _created_at(),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="recovery_codes_pkey"),
        _of_user("recovery_codes"),
    )


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        _created_at(),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="passkeys_pkey"),
        sa.UniqueConstraint("credential_id", name="passkeys_credential_id_key"),
        _of_user("passkeys"),
    )
    op.create_index("passkeys_user_id_idx", "passkeys", ["user_id", "id"])


def _create_challenges() -> None:
    op.create_table(
        "challenges",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _created_at(),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="challenges_pkey"),
        _of_user("challenges"),
    )
    op.create_index("challenges_user_id_idx", "challenges", ["user_id"])
    op.create_index("challenges_expires_at_idx", "challenges", ["expires_at"])
