"""Create the refresh tokens of programs.

Revises: b6c90d3f5e18
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "5d20c7a4f618"
down_revision = "b6c90d3f5e18"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"

NOTICE_CHAIN = """
CREATE FUNCTION notice_refresh_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'session ' || OLD.session_id);
    RETURN NULL;
END
$$
"""
NOTICE_CHAIN_TRIGGER = """
CREATE TRIGGER refresh_tokens_notice_deleted AFTER DELETE ON refresh_tokens
FOR EACH ROW WHEN (OLD.used_at IS NULL) EXECUTE FUNCTION notice_refresh_tokens()
"""
NOTICE_CHAIN_TRUNCATION_TRIGGER = """
CREATE TRIGGER refresh_tokens_notice_truncation BEFORE TRUNCATE ON refresh_tokens
FOR EACH STATEMENT EXECUTE FUNCTION notice_truncation()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "refresh_tokens",
        sa.Column("chain", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("counter", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.PrimaryKeyConstraint("chain", "counter", name="refresh_tokens_pkey"),
        sa.UniqueConstraint("token_hash", name="refresh_tokens_token_hash_key"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="refresh_tokens_session_id_fkey",
            ondelete="CASCADE",
        ),
    )
    for column in ("session_id", "expires_at"):
        op.create_index(f"refresh_tokens_{column}_idx", "refresh_tokens", [column])
    for statement in (NOTICE_CHAIN, NOTICE_CHAIN_TRIGGER, NOTICE_CHAIN_TRUNCATION_TRIGGER):
        op.execute(statement)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_tokens TO {SERVICE}")


def downgrade() -> None:
    op.drop_table("refresh_tokens")
    op.execute("DROP FUNCTION notice_refresh_tokens()")
