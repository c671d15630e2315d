"""Create the mirror of the users, and what keeps it in order.

Revises: 2f64d8b3c710
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "91d5be7043fa"
down_revision = "2f64d8b3c710"
branch_labels = None
depends_on = None

MIRRORED = (
    "user_id, uid, discord_id, username, email, role, is_active, version, synced_at, deleted_at"
)
OWN = "permissions, plan_tier, feature_flags, settings"

FORGET = """
CREATE FUNCTION forget_deleted_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.permissions := '[]';
    NEW.plan_tier := 'free';
    NEW.feature_flags := '{}';
    NEW.settings := '{}';
    RETURN NEW;
END
$$
"""
FORGET_TRIGGER = """
CREATE TRIGGER userbase_forget_deleted BEFORE UPDATE ON userbase
FOR EACH ROW WHEN (NEW.uid <> OLD.uid OR (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL))
EXECUTE FUNCTION forget_deleted_user()
"""


def upgrade() -> None:
    _create_userbase()
    _create_audit_log()
    _create_rejected_events()
    _create_sync_checks()
    _create_incidents()


def downgrade() -> None:
    for table in ("incidents", "sync_checks", "rejected_events", "audit_log", "userbase"):
        op.drop_table(table)
    op.execute("DROP FUNCTION forget_deleted_user()")


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _document(name: str, empty: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.JSONB(), server_default=sa.text(f"'{empty}'::jsonb"), nullable=False
    )


def _create_userbase() -> None:
    op.create_table(
        "userbase",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("discord_id", sa.String(20)),
        sa.Column("username", sa.String(64)),
        sa.Column("email", sa.String(320)),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _moment("synced_at"),
        _moment("deleted_at", nullable=True),
        _document("permissions", "[]"),
        sa.Column("plan_tier", sa.String(32), server_default=sa.text("'free'"), nullable=False),
        _document("feature_flags", "{}"),
        _document("settings", "{}"),
        sa.PrimaryKeyConstraint("user_id", name="userbase_pkey"),
        sa.CheckConstraint(
            "(deleted_at IS NULL) = (username IS NOT NULL)",
            name=op.f("userbase_named_unless_deleted_check"),
        ),
        sa.CheckConstraint(
            "deleted_at IS NULL OR (discord_id IS NULL AND email IS NULL AND NOT is_active)",
            name=op.f("userbase_empty_tombstone_check"),
        ),
        sa.CheckConstraint(
            "jsonb_typeof(permissions) = 'array'", name=op.f("userbase_permissions_array_check")
        ),
        sa.CheckConstraint(
            "jsonb_typeof(feature_flags) = 'object'",
            name=op.f("userbase_feature_flags_object_check"),
        ),
        sa.CheckConstraint(
            "jsonb_typeof(settings) = 'object'", name=op.f("userbase_settings_object_check")
        ),
    )
    op.create_index("userbase_uid_idx", "userbase", ["uid"])
    op.create_index("userbase_discord_id_idx", "userbase", ["discord_id"])
    op.execute(FORGET)
    op.execute(FORGET_TRIGGER)
    op.execute(f"GRANT SELECT, UPDATE ({OWN}) ON userbase TO farout_app")
    op.execute(f"GRANT SELECT, INSERT ({MIRRORED}), UPDATE ({MIRRORED}) ON userbase TO farout_sync")


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _moment("at"),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor_uid", sa.Uuid()),
        sa.Column("target_uid", sa.Uuid()),
        sa.Column("ip", postgresql.INET()),
        sa.Column("request_id", sa.String(64)),
        _document("details", "{}"),
        sa.PrimaryKeyConstraint("id", name="audit_log_pkey"),
    )
    for column in ("at", "actor_uid", "target_uid"):
        op.create_index(f"audit_log_{column}_idx", "audit_log", [column])
    op.execute("GRANT SELECT, INSERT ON audit_log TO farout_app, farout_sync")


def _create_rejected_events() -> None:
    op.create_table(
        "rejected_events",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        _moment("received_at"),
        sa.PrimaryKeyConstraint("event_id", name="rejected_events_pkey"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON rejected_events TO farout_sync")


def _create_sync_checks() -> None:
    op.create_table(
        "sync_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _moment("finished_at"),
        sa.Column("users", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("missing", "differing", "surplus", "repaired", "milliseconds")
        ),
        sa.PrimaryKeyConstraint("id", name="sync_checks_pkey"),
    )
    op.create_index("sync_checks_finished_at_idx", "sync_checks", ["finished_at"])
    op.execute("GRANT SELECT ON sync_checks TO farout_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sync_checks TO farout_sync")


def _create_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("name", sa.String(64), nullable=False),
        _moment("began_at"),
        sa.Column("details", sa.Text(), nullable=False),
        _moment("announced_at", nullable=True),
        sa.PrimaryKeyConstraint("name", name="incidents_pkey"),
    )
    op.execute("GRANT SELECT ON incidents TO farout_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON incidents TO farout_sync")
