"""Delete accounts after a time of grace, and empty the audit entries of those who are gone.

Revises: 3f71c0a9d2e6
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "6c1e9f30b7a4"
down_revision = "3f71c0a9d2e6"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"
SALTED = ("ip_hash", "ip_salt", "details_hash", "details_salt")
FOLLOW_DELETION = """
CREATE FUNCTION follow_account_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account_security SET version = version + 1
    WHERE user_id IN (OLD.user_id, NEW.user_id);
    PERFORM pg_notify('farout_revocations', 'user ' || uid)
    FROM account_security WHERE user_id IN (OLD.user_id, NEW.user_id);
    RETURN NULL;
END
$$
"""
FOLLOW_DELETION_TRIGGER = """
CREATE TRIGGER account_deletions_follow AFTER INSERT OR DELETE ON account_deletions
FOR EACH ROW EXECUTE FUNCTION follow_account_deletion()
"""
FORGET_ERASED = """
CREATE FUNCTION forget_erased_people() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(11361953);
    FOR gone IN
        SELECT DISTINCT target_uid FROM audit_log
        WHERE action = 'account.erased' AND at > now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM account_security WHERE uid = audit_log.target_uid)
    LOOP
        WITH emptied AS (
            UPDATE audit_log SET ip = NULL WHERE ip IS NOT NULL
                AND (actor_uid = gone OR (target_uid = gone AND actor_uid IS NULL))
            RETURNING id
        )
        UPDATE audit_links SET ip_salt = NULL FROM emptied WHERE entry_id = emptied.id;
        WITH emptied AS (
            UPDATE audit_log SET details = '{}' WHERE details <> '{}' AND target_uid = gone
            RETURNING id
        )
        UPDATE audit_links SET details_salt = NULL FROM emptied WHERE entry_id = emptied.id;
    END LOOP;
END
$$
"""
ANNOUNCE = """
CREATE OR REPLACE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (type, uid, version, payload)
    SELECT CASE TG_OP WHEN 'INSERT' THEN 'user.created' ELSE 'user.updated' END,
        NEW.uid, NEW.version,
        jsonb_build_object(
            'uid', NEW.uid,
            'user_id', users.id::text,
            'version', NEW.version::text,
            'username', users.username,
            'discord_id', users.discord_id,
            'email', users.email,
            'role', users.role,
            'is_active', users.is_active AND NOT EXISTS (
                SELECT FROM account_deletions WHERE account_deletions.user_id = users.id
            ),
            'profile', nullif(current_setting('farout.discord_profile', true), '')::jsonb
        )
    FROM users WHERE users.id = NEW.user_id;
    RETURN NULL;
END
$$
"""
ANNOUNCE_BEFORE = """
CREATE OR REPLACE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (type, uid, version, payload)
    SELECT CASE TG_OP WHEN 'INSERT' THEN 'user.created' ELSE 'user.updated' END,
        NEW.uid, NEW.version,
        jsonb_build_object(
            'uid', NEW.uid,
            'user_id', users.id::text,
            'version', NEW.version::text,
            'username', users.username,
            'discord_id', users.discord_id,
            'email', users.email,
            'role', users.role,
            'is_active', users.is_active,
            'profile', nullif(current_setting('farout.discord_profile', true), '')::jsonb
        )
    FROM users WHERE users.id = NEW.user_id;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    _create_account_deletions()
    _create_kept_bans()
    for column in SALTED:
        op.add_column("audit_links", sa.Column(column, sa.LargeBinary()))
    for statement in (ANNOUNCE, FOLLOW_DELETION, FOLLOW_DELETION_TRIGGER, FORGET_ERASED):
        op.execute(statement)
    for table in ("account_deletions", "kept_bans"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE}")


def downgrade() -> None:
    """Whoever waits for their deletion has to ask again; what was sealed meanwhile cannot be verified."""
    op.execute("DELETE FROM account_deletions")
    op.execute(ANNOUNCE_BEFORE)
    op.execute("DROP FUNCTION forget_erased_people()")
    for column in reversed(SALTED):
        op.drop_column("audit_links", column)
    op.drop_table("kept_bans")
    op.drop_table("account_deletions")
    op.execute("DROP FUNCTION follow_account_deletion()")


def _create_account_deletions() -> None:
    op.create_table(
        "account_deletions",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "requested_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="account_deletions_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="account_deletions_user_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("account_deletions_due_at_idx", "account_deletions", ["due_at"])


def _create_kept_bans() -> None:
    op.create_table(
        "kept_bans",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("discord_hash", sa.LargeBinary(), nullable=False),
        sa.Column("banned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("uid", name="kept_bans_pkey"),
    )
    op.create_index("kept_bans_expires_at_idx", "kept_bans", ["expires_at"])
