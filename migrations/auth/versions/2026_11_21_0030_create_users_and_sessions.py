"""Create users, their sessions and what sign-in needs.

Revises: nothing
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "7b1c0e52a9d4"
down_revision = None
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"
WHOLE_REVOCATION = "(revoked_at IS NULL) = (revoked_reason IS NULL)"

MAKE_SECURITY = """
CREATE FUNCTION make_account_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_security (user_id) VALUES (NEW.id);
    RETURN NULL;
END
$$
"""
MAKE_SECURITY_TRIGGER = """
CREATE TRIGGER users_make_account_security AFTER INSERT ON users
FOR EACH ROW EXECUTE FUNCTION make_account_security()
"""
KEEP_UID = """
CREATE FUNCTION keep_uid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.uid IS DISTINCT FROM OLD.uid OR NEW.user_id IS DISTINCT FROM OLD.user_id THEN
        RAISE EXCEPTION 'the uid of a user never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""
KEEP_UID_TRIGGER = """
CREATE TRIGGER account_security_keep_uid BEFORE UPDATE ON account_security
FOR EACH ROW EXECUTE FUNCTION keep_uid()
"""


def upgrade() -> None:
    _create_users()
    _create_account_security()
    _create_sessions()
    _create_oauth_states()
    _create_signing_keys()
    _create_audit_log()
    op.execute(f"GRANT SELECT ON alembic_version TO {SERVICE}")


def downgrade() -> None:
    for table in (
        "audit_log",
        "signing_keys",
        "oauth_states",
        "sessions",
        "account_security",
        "users",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_uid()")
    op.execute("DROP FUNCTION make_account_security()")


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        # This constraint comes first on purpose: PostgreSQL checks unique indexes in the order of
        # their making, and a race between two first logins must be met by this one.
        sa.Column("discord_id", sa.String(20)),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("discriminator", sa.String(4)),
        sa.Column("avatar", sa.String(64)),
        sa.Column("email", sa.String(320)),
        sa.Column("hashed_password", sa.String(128)),
        sa.Column("role", sa.String(32), server_default=sa.text("'member'"), nullable=False),
        sa.Column(
            "must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("last_login", sa.DateTime(timezone=True)),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="users_pkey"),
        sa.UniqueConstraint("discord_id", name="users_discord_id_key"),
        sa.UniqueConstraint("username", name="users_username_key"),
        sa.CheckConstraint(
            "discord_id ~ '^[0-9]{1,20}$'", name=op.f("users_discord_id_digits_check")
        ),
        sa.CheckConstraint(
            "role::text IN ('member', 'officer', 'admin')", name=op.f("users_role_known_check")
        ),
    )
    op.create_index("users_email_key", "users", [sa.text("lower(email)")], unique=True)
    op.create_index("users_lower_username_idx", "users", [sa.text("lower(username)"), "id"])
    op.create_index("users_role_idx", "users", ["role", sa.text("lower(username)"), "id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON users TO {SERVICE}")


def _create_account_security() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "account_security",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email_verified_at", moment),
        sa.Column("password_changed_at", moment),
        sa.Column("failed_login_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", moment),
        sa.Column("mfa_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("banned_at", moment),
        sa.Column("ban_reason", sa.Text()),
        sa.Column("ban_expires_at", moment),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="account_security_pkey"),
        sa.UniqueConstraint("uid", name="account_security_uid_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="account_security_user_id_fkey", ondelete="CASCADE"
        ),
    )
    for statement in (MAKE_SECURITY, MAKE_SECURITY_TRIGGER, KEEP_UID, KEEP_UID_TRIGGER):
        op.execute(statement)
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON account_security TO {SERVICE}")


def _create_sessions() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("last_seen_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("ip", postgresql.INET()),
        sa.Column("user_agent", sa.String(400)),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("elevated_until", moment),
        sa.Column("revoked_at", moment),
        sa.Column("revoked_reason", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="sessions_pkey"),
        sa.UniqueConstraint("token_hash", name="sessions_token_hash_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="sessions_user_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint(WHOLE_REVOCATION, name=op.f("sessions_whole_revocation_check")),
    )
    op.create_index("sessions_user_id_idx", "sessions", ["user_id", "id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO {SERVICE}")


def _create_oauth_states() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "oauth_states",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("next_path", sa.String(512), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="oauth_states_pkey"),
    )
    op.create_index("oauth_states_expires_at_idx", "oauth_states", ["expires_at"])
    # UPDATE is for the row locks of the sweep alone: FOR UPDATE asks for it.
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_states TO {SERVICE}")


def _create_signing_keys() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("retired_at", moment),
        sa.PrimaryKeyConstraint("kid", name="signing_keys_pkey"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON signing_keys TO {SERVICE}")


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor_uid", sa.Uuid()),
        sa.Column("target_uid", sa.Uuid()),
        sa.Column("ip", postgresql.INET()),
        sa.Column("request_id", sa.String(64)),
        sa.Column(
            "details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="audit_log_pkey"),
    )
    for column in ("at", "actor_uid", "target_uid"):
        op.create_index(f"audit_log_{column}_idx", "audit_log", [column])
    op.execute(f"GRANT SELECT, INSERT ON audit_log TO {SERVICE}")
