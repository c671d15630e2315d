"""Tell the mirror of every change of a user, and give notice of what ends a session.

Revises: 7b1c0e52a9d4
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c3f1a86be207"
down_revision = "7b1c0e52a9d4"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"

WAKE_WORKERS = """
CREATE FUNCTION wake_outbox_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_outbox', '');
    RETURN NULL;
END
$$
"""
WAKE_WORKERS_TRIGGER = """
CREATE TRIGGER outbox_wake_workers AFTER INSERT ON outbox
FOR EACH STATEMENT EXECUTE FUNCTION wake_outbox_workers()
"""
TAKE_VERSION = """
CREATE FUNCTION take_user_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := nextval('user_versions');
    RETURN NEW;
END
$$
"""
TAKE_FIRST_VERSION_TRIGGER = """
CREATE TRIGGER account_security_take_first_version BEFORE INSERT ON account_security
FOR EACH ROW EXECUTE FUNCTION take_user_version()
"""
TAKE_VERSION_TRIGGER = """
CREATE TRIGGER account_security_take_version BEFORE UPDATE ON account_security
FOR EACH ROW WHEN (
    (NEW.version, NEW.banned_at, NEW.ban_expires_at, NEW.mfa_enabled)
    IS DISTINCT FROM (OLD.version, OLD.banned_at, OLD.ban_expires_at, OLD.mfa_enabled)
) EXECUTE FUNCTION take_user_version()
"""
RAISE_VERSION = """
CREATE FUNCTION raise_user_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.username, NEW.discord_id, NEW.email, NEW.role, NEW.is_active)
        IS DISTINCT FROM (OLD.username, OLD.discord_id, OLD.email, OLD.role, OLD.is_active)
    THEN
        UPDATE account_security SET version = version + 1 WHERE user_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$
"""
RAISE_VERSION_TRIGGER = """
CREATE TRIGGER users_raise_version AFTER UPDATE ON users
FOR EACH ROW EXECUTE FUNCTION raise_user_version()
"""
ANNOUNCE = """
CREATE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
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
ANNOUNCE_NEW_TRIGGER = """
CREATE TRIGGER account_security_announce_new AFTER INSERT ON account_security
FOR EACH ROW EXECUTE FUNCTION announce_user()
"""
ANNOUNCE_TRIGGER = """
CREATE TRIGGER account_security_announce AFTER UPDATE ON account_security
FOR EACH ROW WHEN (NEW.version IS DISTINCT FROM OLD.version) EXECUTE FUNCTION announce_user()
"""
ANNOUNCE_DELETION = """
CREATE FUNCTION announce_user_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken bigint := nextval('user_versions');
BEGIN
    INSERT INTO outbox (type, uid, version, payload) VALUES ('user.deleted', OLD.uid, taken,
        jsonb_build_object(
            'uid', OLD.uid, 'user_id', OLD.user_id::text, 'version', taken::text
        ));
    PERFORM pg_notify('farout_revocations', 'user ' || OLD.uid);
    RETURN NULL;
END
$$
"""
ANNOUNCE_DELETION_TRIGGER = """
CREATE TRIGGER account_security_announce_deletion AFTER DELETE ON account_security
FOR EACH ROW EXECUTE FUNCTION announce_user_deletion()
"""
ANNOUNCE_TRUNCATION = """
CREATE FUNCTION announce_user_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (type, uid, version, payload)
    SELECT 'user.deleted', gone.uid, gone.taken, jsonb_build_object(
        'uid', gone.uid, 'user_id', gone.user_id::text, 'version', gone.taken::text
    )
    FROM (
        SELECT uid, user_id, nextval('user_versions') AS taken FROM account_security
    ) AS gone;
    PERFORM pg_notify('farout_revocations', 'all');
    RETURN NULL;
END
$$
"""
ANNOUNCE_TRUNCATION_TRIGGER = """
CREATE TRIGGER account_security_announce_truncation BEFORE TRUNCATE ON account_security
FOR EACH STATEMENT EXECUTE FUNCTION announce_user_truncation()
"""
NOTICE_SESSION = """
CREATE FUNCTION notice_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'session ' || OLD.id);
    RETURN NULL;
END
$$
"""
NOTICE_SESSION_TRIGGER = """
CREATE TRIGGER sessions_notice AFTER UPDATE ON sessions
FOR EACH ROW WHEN (
    (NEW.user_id, NEW.token_hash, NEW.expires_at, NEW.method, NEW.elevated_until, NEW.revoked_at)
    IS DISTINCT FROM
    (OLD.user_id, OLD.token_hash, OLD.expires_at, OLD.method, OLD.elevated_until, OLD.revoked_at)
) EXECUTE FUNCTION notice_session()
"""
NOTICE_SESSION_DELETED_TRIGGER = """
CREATE TRIGGER sessions_notice_deleted AFTER DELETE ON sessions
FOR EACH ROW EXECUTE FUNCTION notice_session()
"""
NOTICE_TRUNCATION = """
CREATE FUNCTION notice_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'all');
    RETURN NULL;
END
$$
"""
NOTICE_TRUNCATION_TRIGGER = """
CREATE TRIGGER sessions_notice_truncation BEFORE TRUNCATE ON sessions
FOR EACH STATEMENT EXECUTE FUNCTION notice_truncation()
"""
NOTICE_USER = """
CREATE FUNCTION notice_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.username, NEW.discord_id, NEW.discriminator, NEW.avatar, NEW.email,
            NEW.hashed_password, NEW.role, NEW.must_change_password, NEW.is_active)
        IS DISTINCT FROM
        (OLD.username, OLD.discord_id, OLD.discriminator, OLD.avatar, OLD.email,
            OLD.hashed_password, OLD.role, OLD.must_change_password, OLD.is_active)
    THEN
        PERFORM pg_notify('farout_revocations', 'user ' || uid)
        FROM account_security WHERE user_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$
"""
NOTICE_USER_TRIGGER = """
CREATE TRIGGER users_notice AFTER UPDATE ON users
FOR EACH ROW EXECUTE FUNCTION notice_user()
"""
NOTICE_SECURITY = """
CREATE FUNCTION notice_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'user ' || NEW.uid);
    RETURN NULL;
END
$$
"""
NOTICE_SECURITY_TRIGGER = """
CREATE TRIGGER account_security_notice AFTER UPDATE ON account_security
FOR EACH ROW WHEN (
    (NEW.email_verified_at, NEW.password_changed_at, NEW.mfa_enabled, NEW.banned_at,
        NEW.ban_expires_at)
    IS DISTINCT FROM
    (OLD.email_verified_at, OLD.password_changed_at, OLD.mfa_enabled, OLD.banned_at,
        OLD.ban_expires_at)
) EXECUTE FUNCTION notice_security()
"""

STATEMENTS = (
    WAKE_WORKERS,
    WAKE_WORKERS_TRIGGER,
    TAKE_VERSION,
    TAKE_FIRST_VERSION_TRIGGER,
    TAKE_VERSION_TRIGGER,
    RAISE_VERSION,
    RAISE_VERSION_TRIGGER,
    ANNOUNCE,
    ANNOUNCE_NEW_TRIGGER,
    ANNOUNCE_TRIGGER,
    ANNOUNCE_DELETION,
    ANNOUNCE_DELETION_TRIGGER,
    ANNOUNCE_TRUNCATION,
    ANNOUNCE_TRUNCATION_TRIGGER,
    NOTICE_SESSION,
    NOTICE_SESSION_TRIGGER,
    NOTICE_SESSION_DELETED_TRIGGER,
    NOTICE_TRUNCATION,
    NOTICE_TRUNCATION_TRIGGER,
    NOTICE_USER,
    NOTICE_USER_TRIGGER,
    NOTICE_SECURITY,
    NOTICE_SECURITY_TRIGGER,
)
TRIGGERS = {
    "users": ("users_raise_version", "users_notice"),
    "account_security": (
        "account_security_take_first_version",
        "account_security_take_version",
        "account_security_announce_new",
        "account_security_announce",
        "account_security_announce_deletion",
        "account_security_announce_truncation",
        "account_security_notice",
    ),
    "sessions": ("sessions_notice", "sessions_notice_deleted", "sessions_notice_truncation"),
}
FUNCTIONS = (
    "take_user_version",
    "raise_user_version",
    "announce_user",
    "announce_user_deletion",
    "announce_user_truncation",
    "notice_session",
    "notice_truncation",
    "notice_user",
    "notice_security",
)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE user_versions AS bigint")
    op.execute(f"GRANT USAGE, SELECT, UPDATE ON SEQUENCE user_versions TO {SERVICE}")
    _create_outbox()
    for statement in STATEMENTS:
        op.execute(statement)
    # Whoever is there already is announced, so that the mirror begins complete.
    op.execute("UPDATE account_security SET version = version + 1")


def downgrade() -> None:
    for table, triggers in TRIGGERS.items():
        for trigger in triggers:
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("outbox")
    op.execute("DROP FUNCTION wake_outbox_workers()")
    op.execute("DROP SEQUENCE user_versions")


def _create_outbox() -> None:
    moment = sa.DateTime(timezone=True)
    now = sa.text("clock_timestamp()")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refusals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", moment, server_default=now, nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("dead_at", moment),
        sa.PrimaryKeyConstraint("id", name="outbox_pkey"),
        sa.UniqueConstraint("event_id", name="outbox_event_id_key"),
    )
    op.create_index("outbox_uid_idx", "outbox", ["uid"])
    op.create_index(
        "outbox_due_idx",
        "outbox",
        ["next_attempt_at", "id"],
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.create_index(
        "outbox_dead_idx", "outbox", ["id"], postgresql_where=sa.text("dead_at IS NOT NULL")
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO {SERVICE}")
