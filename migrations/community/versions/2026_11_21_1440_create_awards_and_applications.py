"""Create awards, and applications with their threads and votes.

Revises: 1d9c64f2b8e0
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a27e5d38c1f6"
down_revision = "1d9c64f2b8e0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_awards()
    _create_forms()
    _create_applications()
    _create_messages()
    _create_votes()


def downgrade() -> None:
    for table in (
        "application_votes", "application_messages", "applications", "application_forms",
        "award_grants", "awards",
    ):  # fmt: skip
        op.drop_table(table)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _uuid() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def _create_awards() -> None:
    op.create_table(
        "awards",
        _uuid(),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("rule", postgresql.JSONB()),
        _moment("archived_at", nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="awards_pkey"),
        sa.CheckConstraint(
            "rule IS NULL OR jsonb_typeof(rule) = 'object'", name=op.f("awards_rule_object_check")
        ),
    )
    op.create_table(
        "award_grants",
        _uuid(),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        _moment("granted_at"),
        _moment("withdrawn_at", nullable=True),
        sa.Column("withdrawn_by", sa.Uuid()),
        sa.Column("withdraw_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="award_grants_pkey"),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name="award_grants_award_id_fkey"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="award_grants_member_id_fkey"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdraw_reason IS NULL)",
            name=op.f("award_grants_whole_withdrawal_check"),
        ),
    )
    op.create_index(
        "award_grants_live_key",
        "award_grants",
        ["award_id", "member_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("award_grants_member_id_idx", "award_grants", ["member_id", "id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON awards TO farout_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by, withdraw_reason)"
        " ON award_grants TO farout_app"
    )


def _create_forms() -> None:
    op.create_table(
        "application_forms",
        _uuid(),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("questions", postgresql.JSONB(), nullable=False),
        sa.Column("reapply_after_days", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="application_forms_pkey"),
        sa.CheckConstraint(
            "jsonb_typeof(questions) = 'array'",
            name=op.f("application_forms_questions_array_check"),
        ),
        sa.CheckConstraint(
            "reapply_after_days >= 0",
            name=op.f("application_forms_reapply_after_days_positive_check"),
        ),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON application_forms TO farout_app")


def _create_applications() -> None:
    op.create_table(
        "applications",
        _uuid(),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("applicant_uid", sa.Uuid(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.String(16), server_default=sa.text("'pending'"), nullable=False),
        _moment("submitted_at"),
        _moment("decided_at", nullable=True),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decision_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="applications_pkey"),
        sa.ForeignKeyConstraint(
            ["form_id"], ["application_forms.id"], name="applications_form_id_fkey"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="applications_member_id_fkey"),
        sa.CheckConstraint(
            "status IN ('pending', 'accepted', 'rejected', 'withdrawn')",
            name=op.f("applications_status_known_check"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL)",
            name=op.f("applications_whole_decision_check"),
        ),
        sa.CheckConstraint(
            "jsonb_typeof(answers) = 'array'", name=op.f("applications_answers_array_check")
        ),
    )
    op.create_index(
        "applications_pending_key",
        "applications",
        ["form_id", "member_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("applications_status_idx", "applications", ["status", "id"])
    op.create_index("applications_member_id_idx", "applications", ["member_id", "id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON applications TO farout_app")


def _create_messages() -> None:
    op.create_table(
        "application_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("author_uid", sa.Uuid(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name="application_messages_pkey"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="application_messages_application_id_fkey"
        ),
    )
    op.create_index(
        "application_messages_application_id_idx",
        "application_messages",
        ["application_id", "id"],
    )
    op.execute("GRANT SELECT, INSERT ON application_messages TO farout_app")


def _create_votes() -> None:
    op.create_table(
        "application_votes",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("voter_uid", sa.Uuid(), nullable=False),
        sa.Column("vote", sa.String(8), nullable=False),
        sa.Column("comment", sa.Text()),
        _moment("at"),
        sa.PrimaryKeyConstraint("application_id", "voter_uid", name="application_votes_pkey"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="application_votes_application_id_fkey"
        ),
        sa.CheckConstraint(
            "vote IN ('for', 'against', 'abstain')", name=op.f("application_votes_vote_known_check")
        ),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON application_votes TO farout_app")
