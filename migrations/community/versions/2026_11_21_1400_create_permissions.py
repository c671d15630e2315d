"""Say who may do what, and tag people.

Revises: 5b0c7e19d2a4
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4a1c7d20be95"
down_revision = "5b0c7e19d2a4"
branch_labels = None
depends_on = None

MEMBER = (
    "members.read", "posts.read", "items.read", "awards.read", "applications.submit",
)  # fmt: skip
OFFICER = (
    "members.promote", "members.discharge", "access.read", "missions.manage", "trainings.manage",
    "completions.award", "posts.write", "items.issue", "awards.grant", "applications.review",
    "applications.decide",
)  # fmt: skip
ADMIN = (
    "ranks.manage", "completions.revoke", "stats.write", "seasons.manage", "items.manage",
    "awards.manage", "applications.manage",
)  # fmt: skip
DEFAULTS = {
    "member": MEMBER,
    "officer": (*MEMBER, *OFFICER),
    "admin": (*MEMBER, *OFFICER, *ADMIN),
}

FORGET = """
CREATE OR REPLACE FUNCTION forget_deleted_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.permissions := '[]';
    NEW.plan_tier := 'free';
    NEW.feature_flags := '{}';
    NEW.settings := '{}';
    NEW.tags := '{}';
    RETURN NEW;
END
$$
"""
FORGET_BEFORE = FORGET.replace("    NEW.tags := '{}';\n", "")


def upgrade() -> None:
    permissions = op.create_table(
        "role_permissions",
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("permission", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("role", "permission", name="role_permissions_pkey"),
        sa.CheckConstraint(
            "role IN ('member', 'officer', 'admin')", name=op.f("role_permissions_role_known_check")
        ),
    )
    op.create_index("role_permissions_permission_idx", "role_permissions", ["permission"])
    op.execute("GRANT SELECT, INSERT, DELETE ON role_permissions TO farout_app")
    op.bulk_insert(
        permissions,
        [
            {"role": role, "permission": permission}
            for role, names in DEFAULTS.items()
            for permission in names
        ],
    )
    _extend_userbase()


def _extend_userbase() -> None:
    op.add_column(
        "userbase",
        sa.Column(
            "tags", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_check_constraint(
        op.f("userbase_tags_few_check"),
        "userbase",
        "cardinality(tags) <= 50 AND array_position(tags, NULL) IS NULL",
    )
    op.execute(FORGET)
    op.execute("GRANT UPDATE (tags) ON userbase TO farout_app")
    op.create_index("userbase_role_idx", "userbase", ["role", "user_id"])
    op.create_index("userbase_tags_idx", "userbase", ["tags"], postgresql_using="gin")
    op.create_index(
        "userbase_plan_tier_idx",
        "userbase",
        ["plan_tier"],
        postgresql_where=sa.text("plan_tier <> 'free'"),
    )
    for column in ("feature_flags", "permissions"):
        op.create_index(
            f"userbase_{column}_idx",
            "userbase",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "jsonb_path_ops"},
        )
    op.create_index(
        "userbase_inactive_idx",
        "userbase",
        ["discord_id"],
        postgresql_where=sa.text("NOT is_active"),
    )


def downgrade() -> None:
    for name in ("role", "plan_tier", "feature_flags", "permissions", "inactive"):
        op.drop_index(f"userbase_{name}_idx", "userbase")
    op.execute(FORGET_BEFORE)
    op.drop_column("userbase", "tags")
    op.drop_table("role_permissions")
