"""Impersonation, and the chain of the audit log.

Revises: a94e6d215b30
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "5d20c4a9e7b1"
down_revision = "a94e6d215b30"
branch_labels = None
depends_on = None

SERVICE = "farout_auth_service"
WHOLE_IMPERSONATION = "(impersonator_id IS NULL) = (impersonation_reason IS NULL)"

NOTICE_USER = """
CREATE OR REPLACE FUNCTION notice_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.username, NEW.discord_id, NEW.discriminator, NEW.avatar, NEW.email,
            NEW.hashed_password, NEW.role, NEW.must_change_password, NEW.is_active)
        IS DISTINCT FROM
        (OLD.username, OLD.discord_id, OLD.discriminator, OLD.avatar, OLD.email,
            OLD.hashed_password, OLD.role, OLD.must_change_password, OLD.is_active)
    THEN
        PERFORM pg_notify('farout_revocations', 'user ' || uid)
        FROM account_security WHERE user_id = NEW.id;{impersonations}
    END IF;
    RETURN NULL;
END
$$
"""
NOTICE_SECURITY = """
CREATE OR REPLACE FUNCTION notice_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('farout_revocations', 'user ' || NEW.uid);{impersonations}
    RETURN NULL;
END
$$
"""
IMPERSONATIONS = """
        PERFORM pg_notify('farout_revocations', 'session ' || id)
        FROM sessions WHERE impersonator_id = NEW.{user_id} AND revoked_at IS NULL;"""
ENTRY_INDEXES = ("action", "actor_uid", "target_uid")


def upgrade() -> None:
    _add_impersonation()
    _replace_notices(impersonations=True)
    _reindex_audit_log()
    _create_chain()


def downgrade() -> None:
    op.drop_table("audit_seals")
    op.drop_table("audit_links")
    op.drop_index("audit_log_action_idx", "audit_log")
    for column in ("at", "actor_uid", "target_uid"):
        op.drop_index(f"audit_log_{column}_idx", "audit_log")
        op.create_index(f"audit_log_{column}_idx", "audit_log", [column])
    _replace_notices(impersonations=False)
    op.execute("DELETE FROM sessions WHERE impersonator_id IS NOT NULL")
    op.drop_column("sessions", "impersonation_reason")
    op.drop_column("sessions", "impersonator_id")


def _add_impersonation() -> None:
    op.add_column("sessions", sa.Column("impersonator_id", sa.BigInteger()))
    op.add_column("sessions", sa.Column("impersonation_reason", sa.String(500)))
    op.create_foreign_key(
        "sessions_impersonator_id_fkey",
        "sessions",
        "users",
        ["impersonator_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f("sessions_whole_impersonation_check"), "sessions", WHOLE_IMPERSONATION
    )
    op.create_check_constraint(
        op.f("sessions_impersonates_another_check"), "sessions", "impersonator_id <> user_id"
    )
    op.create_index(
        "sessions_impersonator_id_idx",
        "sessions",
        ["impersonator_id"],
        postgresql_where=sa.text("impersonator_id IS NOT NULL"),
    )


def _replace_notices(*, impersonations: bool) -> None:
    for function, user_id in ((NOTICE_USER, "id"), (NOTICE_SECURITY, "user_id")):
        more = IMPERSONATIONS.replace("{user_id}", user_id) if impersonations else ""
        op.execute(function.replace("{impersonations}", more))


def _reindex_audit_log() -> None:
    for column in ("at", "actor_uid", "target_uid"):
        op.drop_index(f"audit_log_{column}_idx", "audit_log")
    op.create_index("audit_log_at_idx", "audit_log", ["at", "id"])
    for column in ENTRY_INDEXES:
        op.create_index(f"audit_log_{column}_idx", "audit_log", [column, "at", "id"])


def _create_chain() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "audit_links",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", "position", name="audit_links_pkey"),
        sa.UniqueConstraint("entry_id", name="audit_links_entry_id_key"),
    )
    op.execute(f"GRANT SELECT, INSERT ON audit_links TO {SERVICE}")
    op.create_table(
        "audit_seals",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("previous_day", sa.Date()),
        sa.Column("previous_head", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("closed_at", moment),
        sa.PrimaryKeyConstraint("day", name="audit_seals_pkey"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON audit_seals TO {SERVICE}")
